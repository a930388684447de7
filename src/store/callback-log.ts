import type { E164 } from '../masking/phone-number.js';
import type { HttpMethod } from '../masking/session.js';
import { numberKey } from './keys.js';
import type { Reply, Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** Which callback: the one with this sequence number of this session. */
export interface CallbackAddress {
  readonly number: E164;
  readonly sessionId: string;
  readonly sequence: number;
}

/** What is sent, and where to. It is private, and stored sealed. */
export interface CallbackRecord {
  readonly accountId: string;
  readonly method: HttpMethod;
  readonly url: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface CallbackAttempt {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** Null when no answer came. */
  readonly status: number | null;
  /** Code of the error, or "". */
  readonly error: string;
  /** The beginning of the receiver's answer. */
  readonly answer: string;
}

export type CallbackState = 'queued' | 'delivered' | 'failed';

export interface LoggedCallback {
  readonly sequence: number;
  readonly record: CallbackRecord;
  readonly state: CallbackState;
  /** The newest ones, newest last. */
  readonly attempts: readonly CallbackAttempt[];
}

/** Callbacks of one session that are kept; of one callback, attempts. */
const MOST_CALLBACKS = 500;
const MOST_ATTEMPTS = 20;

/** What was sent for each session, when, and with which answer. It is kept as long as the session. */
export class CallbackLog {
  readonly #scripts: Scripts;
  readonly #vault: Vault;

  constructor(scripts: Scripts, vault: Vault) {
    this.#scripts = scripts;
    this.#vault = vault;
  }

  /** Notes a callback that is to be delivered, once. Its state, or `gone` when its session is not known. */
  async open(address: CallbackAddress, record: CallbackRecord): Promise<CallbackState | 'gone'> {
    const { number, sessionId, sequence } = address;
    const sealed = this.#vault.seal(JSON.stringify(record), context(number));
    const args = [sessionId, sequence, sealed, MOST_CALLBACKS];
    return (await this.#scripts.run('open-callback', [numberKey(number)], args)) as CallbackState | 'gone';
  }

  /** False when the callback is not known any more. */
  async note(address: CallbackAddress, state: CallbackState, attempt?: CallbackAttempt): Promise<boolean> {
    const { number, sessionId, sequence } = address;
    const sealed =
      attempt === undefined ? '' : this.#vault.seal(JSON.stringify(attempt), attemptContext(number));
    const args = [sessionId, sequence, state, sealed, MOST_ATTEMPTS];
    return (await this.#scripts.run('note-callback', [numberKey(number)], args)) === 1;
  }

  /** One callback, or null. Throws UnreadableDocumentError. */
  async read({ number, sessionId, sequence }: CallbackAddress): Promise<LoggedCallback | null> {
    const { callbacks } = await this.#page(number, [sessionId, sequence, 0, 1]);
    return callbacks[0] ?? null;
  }

  /** Callbacks of a session, newest first. Throws UnreadableDocumentError. */
  async list(
    number: E164,
    sessionId: string,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly callbacks: readonly LoggedCallback[]; readonly total: number }> {
    return this.#page(number, [sessionId, '', offset, limit]);
  }

  async #page(
    number: E164,
    args: (string | number)[],
  ): Promise<{ readonly callbacks: readonly LoggedCallback[]; readonly total: number }> {
    const reply = await this.#scripts.run('read-callbacks', [numberKey(number)], args);
    const [total, found] = reply as [number, [string, string, CallbackState, Reply][]];
    const callbacks = found.map(([sequence, record, state, tries]) => ({
      sequence: Number(sequence),
      record: JSON.parse(this.#vault.open(record, context(number))) as CallbackRecord,
      state,
      attempts: (typeof tries === 'string' ? tries.split('\n') : []).map(
        (line) => JSON.parse(this.#vault.open(line, attemptContext(number))) as CallbackAttempt,
      ),
    }));
    return { callbacks, total };
  }
}

function context(number: E164): string {
  return `callback\0${number}`;
}

function attemptContext(number: E164): string {
  return `attempt\0${number}`;
}
