import { useEffect, useRef } from 'preact/hooks';

import type { FeedStep } from '../api/trace.js';
import { useConsole } from './console-context.js';

/** Steps come in bursts; milliseconds. */
const AT_MOST_EVERY_MS = 1_500;

/** Calls `act` soon after a step of the live feed that `concerns` wants, however many there are. */
export function useOnStep(act: () => void, concerns: (step: FeedStep) => boolean = () => true): void {
  const { live } = useConsole();
  const latest = useRef({ act, concerns });
  latest.current = { act, concerns };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = live.step.subscribe((step) => {
      if (step === null || timer !== undefined || !latest.current.concerns(step)) return;
      timer = setTimeout(() => {
        timer = undefined;
        latest.current.act();
      }, AT_MOST_EVERY_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [live]);
}
