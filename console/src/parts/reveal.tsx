import { useEffect, useState } from 'preact/hooks';

import type { Revealable } from '../api/account.js';
import { useConsole } from '../state/console-context.js';
import { tell } from '../state/notice.js';
import { attempt } from './action.js';
import { Icon } from './icon.js';

/** How long something stays in clear. Milliseconds. */
const SHOWN_MS = 120_000;

export interface Revealed<T> {
  /** In clear, or null while it is masked. */
  readonly clear: T | null;
  readonly toggle: () => void;
}

/** Something in clear for two minutes, or until it is hidden or left. Each time it is asked for is entered in the audit log. */
export function useReveal<Kind extends keyof Revealable>(kind: Kind, id: string): Revealed<Revealable[Kind]> {
  const { api } = useConsole();
  const [state, setState] = useState<{ id: string; clear: Revealable[Kind] } | null>(null);
  useEffect(() => {
    if (state === null) return undefined;
    const timer = setTimeout(() => setState(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const clear = state?.id === id ? state.clear : null;
  const reveal = async (): Promise<void> => {
    setState({ id, clear: await api.reveal(kind, id) });
    tell('Shown for two minutes. The reveal is in the audit log.');
  };
  return { clear, toggle: () => (clear === null ? void attempt(reveal) : setState(null)) };
}

/** The switch of `useReveal`. `what` completes its name: "numbers and PINs". */
export function RevealButton({ revealed, what }: { revealed: Revealed<unknown>; what: string }) {
  const isShown = revealed.clear !== null;
  return (
    <button type="button" class="button" aria-pressed={isShown} onClick={revealed.toggle}>
      <Icon name={isShown ? 'hide' : 'eye'} /> {isShown ? 'Hide' : 'Reveal'} {what}
    </button>
  );
}
