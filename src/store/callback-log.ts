import type { E164 } from '../masking/phone-number.js';
import type { HttpMethod } from '../masking/session.js';
import { QueueFullError } from './errors.js';
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
  /** The call that it tells of, its A leg's UUID; absent when it tells of none. */
  readonly call?: string;
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
  /** How often it was to be sent again. An attempt belongs to the round in which it was queued. */
  readonly round: number;
  readonly record: CallbackRecord;
  readonly state: CallbackState;
  /** The newest ones, newest last. */
  readonly attempts: readonly CallbackAttempt[];
}

export interface CallbackPage {
  readonly callbacks: readonly LoggedCallback[];
  readonly total: number;
  /** Events that found no place in an outbox. */
  readonly lost: number;
}

/** Of one session: callbacks that may be queued, and settled ones that are kept; of one callback, attempts. */
const MOST_QUEUED = 2_000;
const MOST_SETTLED = 500;
const MOST_ATTEMPTS = 20;

/** What was sent for each session, when, and with which answer. It is kept as long as the session. */
export class CallbackLog {
  readonly #scripts: Scripts;
  readonly #vault: Vault;

  constructor(scripts: Scripts, vault: Vault) {
    this.#scripts = scripts;
    this.#vault = vault;
  }

  /**
   * Notes a callback that is to be delivered, once. Its state; `gone` when its session is not known; `full`
   * when too many of its session are queued, and it was not noted.
   */
  async open(address: CallbackAddress, record: CallbackRecord): Promise<CallbackState | 'gone' | 'full'> {
    return (await this.#open(address, record, 'queued', '', '')) as CallbackState | 'gone' | 'full';
  }

  /**
   * Notes a callback that cannot be delivered, once, with the attempt that says why. With `entry` it could not
   * even be made, and a resend makes it from that outbox entry.
   */
  async setAside(
    address: CallbackAddress,
    record: CallbackRecord,
    attempt: CallbackAttempt,
    entry = '',
  ): Promise<CallbackState | 'gone'> {
    const sealed = this.#sealAttempt(address, attempt);
    return (await this.#open(address, record, 'failed', sealed, entry)) as CallbackState | 'gone';
  }

  /**
   * Notes what came of an attempt. Its state stays when it was to be sent again since that `round`, or was
   * delivered. False when the callback is not known any more.
   */
  async note(
    address: CallbackAddress,
    round: number,
    state: CallbackState,
    attempt: CallbackAttempt,
  ): Promise<boolean> {
    const { number, sessionId, sequence } = address;
    const sealed = this.#sealAttempt(address, attempt);
    const args = [sessionId, sequence, round, state, sealed, MOST_ATTEMPTS, MOST_SETTLED];
    return (await this.#scripts.run('note-callback', [numberKey(number)], args)) === 1;
  }

  /**
   * Queues a callback once more, whatever came of it, and appends to its number's outbox that it is (mark it
   * first). False when the callback is not known. Throws QueueFullError when the outbox is full.
   */
  async resend({ number, sessionId, sequence }: CallbackAddress, now: number): Promise<boolean> {
    const args = [sessionId, sequence, now, MOST_SETTLED];
    const answer = await this.#scripts.run('resend-callback', [numberKey(number)], args);
    if (answer === -1) throw new QueueFullError('the outbox of a number is full');
    return answer === 1;
  }

  /** One callback, or null. Throws UnreadableDocumentError. */
  async read({ number, sessionId, sequence }: CallbackAddress): Promise<LoggedCallback | null> {
    const { callbacks } = await this.#page(number, [sessionId, sequence, 0, 1]);
    return callbacks[0] ?? null;
  }

  /**
   * Callbacks of a session, newest first, and how many of its events found no place and are told nobody.
   * Throws UnreadableDocumentError.
   */
  async list(
    number: E164,
    sessionId: string,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<CallbackPage> {
    return this.#page(number, [sessionId, '', offset, limit]);
  }

  /** Sequence numbers of the session's callbacks whose record or answers hold `digits`. Throws UnreadableDocumentError. */
  async naming(number: E164, sessionId: string, digits: string): Promise<number[]> {
    const { callbacks } = await this.list(number, sessionId, {
      limit: MOST_QUEUED + MOST_SETTLED,
      offset: 0,
    });
    return callbacks
      .filter(({ record, attempts }) => JSON.stringify([record, attempts]).includes(digits))
      .map(({ sequence }) => sequence);
  }

  async #page(number: E164, args: (string | number)[]): Promise<CallbackPage> {
    const reply = await this.#scripts.run('read-callbacks', [numberKey(number)], args);
    const [total, lost, found] = reply as [number, number, [string, string, CallbackState, Reply, number][]];
    const callbacks = found.map(([sequence, record, state, tries, round]) => ({
      sequence: Number(sequence),
      round,
      record: JSON.parse(this.#vault.open(record, context(number))) as CallbackRecord,
      state,
      attempts: (typeof tries === 'string' ? tries.split('\n') : []).map(
        (line) => JSON.parse(this.#vault.open(line, attemptContext(number))) as CallbackAttempt,
      ),
    }));
    return { callbacks, total, lost };
  }

  #open(
    { number, sessionId, sequence }: CallbackAddress,
    record: CallbackRecord,
    state: CallbackState,
    attempt: string,
    entry: string,
  ): Promise<Reply> {
    const sealed = this.#vault.seal(JSON.stringify(record), context(number));
    const bounds = [MOST_QUEUED, MOST_SETTLED, MOST_ATTEMPTS];
    const args = [sessionId, sequence, sealed, state, attempt, entry, ...bounds];
    return this.#scripts.run('open-callback', [numberKey(number)], args);
  }

  #sealAttempt({ number }: CallbackAddress, attempt: CallbackAttempt): string {
    return this.#vault.seal(JSON.stringify(attempt), attemptContext(number));
  }
}

function context(number: E164): string {
  return `callback\0${number}`;
}

function attemptContext(number: E164): string {
  return `attempt\0${number}`;
}
