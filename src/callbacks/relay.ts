import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import { isSessionEventKind } from '../masking/session-event.js';
import { PollLoop } from '../poll-loop.js';
import type { CallbackLog } from '../store/callback-log.js';
import type { CallbackQueue } from '../store/callback-queue.js';
import type { Outbox, OutboxEntry } from '../store/outbox.js';
import type { Logger } from '../telemetry/logger.js';
import { rulesOf, type RetryDefaults } from './delivery-rules.js';
import { parametersOf, receiverOf, type PayloadContext } from './parameters.js';

export interface RelayOptions {
  readonly outbox: Outbox;
  readonly log: CallbackLog;
  readonly queue: CallbackQueue;
  readonly payloads: PayloadContext;
  readonly defaults: RetryDefaults;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Milliseconds between two looks for what nobody moved: its controller died. Default 2000. */
  readonly sweepInterval?: number;
}

/** Entries of a number that are read together. */
const BATCH = 50;
/** Numbers that are moved at once. */
const WIDTH = 8;
/** Deliveries that may wait; past that, entries stay in their outboxes. */
const MOST_WAITING = 200_000;

/**
 * Moves what the scripts told from the outboxes to the log and the queue, at once after the write, and by
 * a sweep what a crash left behind. Each step may be repeated: an entry is taken out last.
 */
export class Relay {
  readonly #options: RelayOptions;
  /** Numbers to move, in order. A number under way that is told of again is moved once more. */
  readonly #waiting = new Set<E164>();
  readonly #running = new Map<E164, Promise<void>>();
  readonly #loop: PollLoop;
  #full = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#loop = new PollLoop(() => this.#sweep(), options.sweepInterval ?? 2_000);
  }

  start(): void {
    this.#options.outbox.onAppended((number) => this.#move(number));
    this.#loop.start();
  }

  /** Moves nothing more. What is left is moved by another controller, or by the next start. */
  async stop(): Promise<void> {
    const stopped = this.#loop.stop();
    this.#options.outbox.onAppended(() => undefined);
    this.#waiting.clear();
    await stopped;
    await Promise.all(this.#running.values());
  }

  async #sweep(): Promise<boolean> {
    const { outbox, queue, logger } = this.#options;
    try {
      const full = (await queue.size()) >= MOST_WAITING;
      if (full && !this.#full) logger.error({ most: MOST_WAITING }, 'too many callbacks wait');
      this.#full = full;
      for (const number of await outbox.waiting()) this.#move(number);
    } catch (error) {
      logger.warn({ err: error }, 'the outboxes could not be looked at');
    }
    return false;
  }

  #move(number: E164): void {
    if (this.#loop.isStopped || this.#full) return;
    this.#waiting.add(number);
    if (this.#running.size >= WIDTH || this.#running.has(number)) return;
    this.#waiting.delete(number);
    const moving = this.#empty(number).finally(() => {
      this.#running.delete(number);
      const next = [...this.#waiting].find((each) => !this.#running.has(each));
      if (next !== undefined) this.#move(next);
    });
    this.#running.set(number, moving);
  }

  /** Never rejects: what could not be moved is moved by the next sweep. */
  async #empty(number: E164): Promise<void> {
    const { outbox, logger } = this.#options;
    let left = 0;
    try {
      while (!this.#loop.isStopped) {
        const { entries, unreadable, lost } = await outbox.read(number, left, BATCH);
        if (lost > 0) logger.error({ did: number, lost }, 'an outbox was full: receivers are not told');
        for (const raw of unreadable) {
          logger.error({ did: number }, 'what was to be told cannot be opened: a data key is missing');
          await outbox.remove(number, raw);
        }
        for (const entry of entries) {
          if (await this.#hand(entry)) await outbox.remove(number, entry.raw);
          else left += 1;
        }
        if (entries.length + unreadable.length < BATCH) return;
      }
    } catch (error) {
      logger.warn({ err: error, did: number }, 'callbacks were not queued yet');
    }
  }

  /** True when the entry is dealt with, false when it has to wait. */
  async #hand(entry: OutboxEntry): Promise<boolean> {
    const { log, queue, payloads, defaults, now, logger } = this.#options;
    const { kind, session, sessionId, sequence, number } = entry;
    if (!isSessionEventKind(kind)) {
      // A newer controller wrote it, and knows what it means.
      logger.debug({ kind }, 'an event is not known here');
      return false;
    }
    if (session === null) return true;
    const { url, method } = receiverIn(session, receiverOf(kind));
    // The client took its URL back.
    if (url === '') return true;
    const parameters = parametersOf({ ...entry, kind, session }, payloads);
    const address = { number, sessionId, sequence };
    const { accountId } = session;
    const state = await log.open(address, { accountId, method, url, parameters, createdAt: now() });
    if (state === 'queued') await queue.add(address, 1 + rulesOf(url, defaults).retries);
    return true;
  }
}

function receiverIn(
  { settings }: MaskingSession,
  receiver: 'status' | 'recording',
): { readonly url: string; readonly method: 'GET' | 'POST' } {
  return receiver === 'status'
    ? { url: settings.callbackUrl, method: settings.callbackMethod }
    : { url: settings.recordingCallbackUrl, method: settings.recordingCallbackMethod };
}
