import type { SandboxApi, SandboxState } from '../api/sandbox.js';
import type { ServerClock } from './server-clock.js';
import { Store } from './store.js';

/** The sandbox as it was last seen, null where there is none. */
export const sandboxState = new Store<SandboxState | null>(null);

const EVERY_MS = 2_000;

/** Keeps the clock on the sandbox's time, which may run faster and leap. Gives the function that ends it. */
export function followSandboxTime(sandbox: SandboxApi, clock: ServerClock): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (): Promise<void> => {
    try {
      if (!document.hidden) noteSandbox(await sandbox.state(), clock);
    } catch {
      // It is asked again; the banner tells of a lost connection.
    }
    if (!isOver) timer = setTimeout(() => void look(), EVERY_MS);
  };
  void look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

export function noteSandbox(state: SandboxState, clock: ServerClock): void {
  clock.tell(Date.parse(state.time), state.speed);
  sandboxState.set(state);
}
