import { setTimeout as sleep } from 'node:timers/promises';

import type { E164 } from '../masking/phone-number.js';
import type { SessionDocument } from './documents.js';
import { StoreUnavailableError } from './errors.js';

/** What became of a create whose client was told of a failure while Redis did not answer. */
export interface WithdrawalNews {
  readonly sessionId: string;
  /**
   * `owed`: the session may exist. `void`: it never came to be. `dropped`: it existed, and is gone. `ended`: it
   * existed and had calls, so it was ended and stays readable. `left`: we give up, and do not know.
   */
  readonly state: 'owed' | 'void' | 'dropped' | 'ended' | 'left';
  /** Why the create failed, or why the session is left. */
  readonly error?: unknown;
}

export interface WithdrawalsOptions {
  /** Sees to it that the session does not exist, nor ever will. Tried again after a StoreUnavailableError. */
  readonly withdraw: (session: SessionDocument) => Promise<'void' | 'dropped' | 'ended'>;
  readonly onNews: (news: WithdrawalNews) => void;
  /** Creates that may be under way or owed a withdrawal. Default 10,000. */
  readonly bound?: number;
  /** Milliseconds between two looks whether Redis answers again. Default 250. */
  readonly pauseMs?: number;
}

const BOUND = 10_000;
const PAUSE_MS = 250;
/** Sessions that are withdrawn at a time. */
const AT_A_TIME = 32;

/**
 * Sessions that may exist although their clients were told of a failure, until each of them is withdrawn: as soon as
 * Redis answers again. They are kept in memory, so what is owed when the process is killed stays owed.
 *
 * Every create has its place here before it claims a number: when there is none left it fails while nothing exists yet.
 */
export class Withdrawals {
  readonly #options: WithdrawalsOptions;
  readonly #owed = new Map<string, SessionDocument>();
  readonly #underWithdrawal = new Map<string, Promise<StoreUnavailableError | null>>();
  #underWay = 0;
  #work: Promise<void> | null = null;
  readonly #closing = new AbortController();

  constructor(options: WithdrawalsOptions) {
    this.#options = options;
  }

  /** Sessions that are still to be withdrawn. */
  get size(): number {
    return this.#owed.size;
  }

  /**
   * Runs `create` on a number, which may call `owe`, while a place is kept for it. What earlier ones may have left on
   * that number is withdrawn before: it must not stand in the way of a client that comes again.
   *
   * Throws StoreUnavailableError when there is no place, or the number cannot be cleared.
   */
  async keepingPlace<T>(number: E164, create: () => Promise<T>): Promise<T> {
    if (this.#underWay + this.#owed.size >= (this.#options.bound ?? BOUND)) {
      throw new StoreUnavailableError('too many creates wait for Redis');
    }
    this.#underWay += 1;
    try {
      // Nearly always nothing is.
      if (this.#owed.size > 0) await this.#clear(number);
      return await create();
    } finally {
      this.#underWay -= 1;
    }
  }

  /** From now on the session is withdrawn as soon as that can be. `error` is what the client hears of. */
  owe(session: SessionDocument, error: unknown): void {
    const isClosing = this.#closing.signal.aborted;
    this.#options.onNews({ sessionId: session.id, state: isClosing ? 'left' : 'owed', error });
    if (isClosing) return;
    this.#owed.set(session.id, session);
    this.#work ??= this.#withdrawAll();
  }

  /** Tries once more, and says which sessions are left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work;
    const error = await this.#round();
    for (const sessionId of this.#owed.keys()) this.#options.onNews({ sessionId, state: 'left', error });
    this.#owed.clear();
  }

  /** Throws StoreUnavailableError. */
  async #clear(number: E164): Promise<void> {
    const owed = [...this.#owed.values()].filter(({ virtualNumber }) => virtualNumber === number);
    const error = await this.#withdrawTogether(owed);
    if (error !== null) throw error;
  }

  async #withdrawAll(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#owed.size > 0 && !signal.aborted) {
      const error = await this.#round();
      if (error === null) continue;
      // An abort ends the pause early; that is its only way to fail.
      await sleep(this.#options.pauseMs ?? PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
    // At once, not when the promise settles: whatever is owed from here on begins anew.
    this.#work = null;
  }

  /** Withdraws what is owed, until one fails: its error, or null. The first goes alone, to see whether Redis answers. */
  async #round(): Promise<StoreUnavailableError | null> {
    const owed = [...this.#owed.values()];
    for (let from = 0, count = 1; from < owed.length; from += count, count = AT_A_TIME) {
      const error = await this.#withdrawTogether(owed.slice(from, from + count));
      if (error !== null) return error;
    }
    return null;
  }

  async #withdrawTogether(sessions: readonly SessionDocument[]): Promise<StoreUnavailableError | null> {
    const errors = await Promise.all(sessions.map((session) => this.#withdrawOnce(session)));
    return errors.find((error) => error !== null) ?? null;
  }

  /** Those who want the same session withdrawn wait for one another. */
  #withdrawOnce(session: SessionDocument): Promise<StoreUnavailableError | null> {
    const { id } = session;
    const present = this.#underWithdrawal.get(id);
    if (present !== undefined) return present;
    const withdrawing = this.#withdraw(session).finally(() => this.#underWithdrawal.delete(id));
    this.#underWithdrawal.set(id, withdrawing);
    return withdrawing;
  }

  /** Null once nothing is owed any more. */
  async #withdraw(session: SessionDocument): Promise<StoreUnavailableError | null> {
    const { withdraw, onNews } = this.#options;
    const sessionId = session.id;
    try {
      const state = await withdraw(session);
      this.#owed.delete(sessionId);
      onNews({ sessionId, state });
    } catch (error) {
      if (error instanceof StoreUnavailableError) return error;
      // Nothing that another try would change.
      this.#owed.delete(sessionId);
      onNews({ sessionId, state: 'left', error });
    }
    return null;
  }
}
