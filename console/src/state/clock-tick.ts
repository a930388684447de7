import { useEffect, useState } from 'preact/hooks';

import { useConsole } from './console-context.js';

/** The controller's time, each second anew while `isTicking`. Milliseconds since the epoch. */
export function useNow(isTicking = true): number {
  const { clock } = useConsole();
  const [now, setNow] = useState(() => clock.now());
  useEffect(() => {
    if (!isTicking) return undefined;
    setNow(clock.now());
    const timer = setInterval(() => setNow(clock.now()), 1_000);
    return () => clearInterval(timer);
  }, [clock, isTicking]);
  return now;
}
