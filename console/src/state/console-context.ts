import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

import type { AccountApi } from '../api/account.js';
import type { ConsoleSession } from '../api/resources.js';
import type { SandboxApi } from '../api/sandbox.js';
import type { LiveCalls } from './live-calls.js';
import type { ServerClock } from './server-clock.js';

/** What every page works with, once somebody is logged in. */
export interface ConsoleContext {
  readonly session: ConsoleSession;
  readonly api: AccountApi;
  /** Null where the controller is no sandbox. */
  readonly sandbox: SandboxApi | null;
  readonly clock: ServerClock;
  readonly live: LiveCalls;
  readonly logOut: () => void;
}

export const ConsoleOf = createContext<ConsoleContext | null>(null);

/** For components below the frame. */
export function useConsole(): ConsoleContext {
  const context = useContext(ConsoleOf);
  if (context === null) throw new TypeError('nobody is logged in');
  return context;
}
