import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import { isSessionEventKind } from '../masking/session-event.js';
import { PollLoop } from '../poll-loop.js';
import type { CallbackAddress, CallbackLog, CallbackRecord } from '../store/callback-log.js';
import type { CallbackQueue, Delivery } from '../store/callback-queue.js';
import { StoreUnavailableError } from '../store/errors.js';
import type { Outbox, OutboxEntry } from '../store/outbox.js';
import type { Logger } from '../telemetry/logger.js';
import { notMade } from './courier.js';
import { rulesOf, type RetryDefaults } from './delivery-rules.js';
import type { CallbackErrorCode } from './errors.js';
import { receiverNamed, type ReceiverLanes } from './lanes.js';
import { parametersOf, receiverOf, type PayloadContext } from './parameters.js';
import { TroubledEntries } from './troubled-entries.js';

export interface RelayOptions {
  readonly outbox: Outbox;
  readonly log: CallbackLog;
  readonly queue: CallbackQueue;
  readonly lanes: ReceiverLanes;
  readonly payloads: PayloadContext;
  readonly defaults: RetryDefaults;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Milliseconds between two looks for what nobody moved: its controller died. Default 2000. */
  readonly sweepInterval?: number;
  /** Deliveries that may wait; past that, entries stay in their outboxes. Default 200,000. */
  readonly mostWaiting?: number;
}

/** Entries of a number that are read, and moved, together. */
const BATCH = 50;
/** Numbers that are moved at once. */
const WIDTH = 8;
const MOST_WAITING = 200_000;
/** The outbox's own kind of entry, beside those of session events: see resend-callback.lua. */
const RESEND = 'resend';

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
  readonly #troubled: TroubledEntries;
  #size = 0;
  #lost = 0;
  #overflown = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#troubled = new TroubledEntries(options);
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

  /** How things stand, in words. */
  get detail(): string {
    const lines = [`${this.#size} wait`];
    if (this.#isFull) lines.push('no more are taken up before these are fewer');
    const aside = this.#overflown + this.#troubled.setAside;
    if (aside > 0) lines.push(`${aside} set aside since the start`);
    if (this.#lost > 0) lines.push(`${this.#lost} lost since the start`);
    return lines.join(', ');
  }

  get #most(): number {
    return this.#options.mostWaiting ?? MOST_WAITING;
  }

  get #isFull(): boolean {
    return this.#size >= this.#most;
  }

  async #sweep(): Promise<boolean> {
    const { outbox, queue, logger } = this.#options;
    try {
      this.#nowWaiting(await queue.size());
      for (const number of await outbox.waiting()) this.#move(number);
    } catch (error) {
      logger.warn({ err: error }, 'the outboxes could not be looked at');
    }
    return false;
  }

  /** Says once when they become too many: by a look at the queue, or by what we put into it ourselves. */
  #nowWaiting(size: number): void {
    const wasFull = this.#isFull;
    this.#size = size;
    if (this.#isFull && !wasFull) this.#options.logger.error({ most: this.#most }, 'too many callbacks wait');
  }

  #move(number: E164): void {
    if (this.#loop.isStopped || this.#isFull) return;
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
      while (!this.#loop.isStopped && !this.#isFull) {
        const { entries, unreadable, lost } = await outbox.read(number, left, BATCH);
        this.#lost += lost;
        if (lost > 0) logger.error({ did: number, lost }, 'an outbox was full: receivers are not told');
        const dealtWith = await Promise.allSettled([
          ...unreadable.map((entry) =>
            this.#takeOut(number, entry.raw, this.#troubled.tried(number, entry, null)),
          ),
          ...entries.map((entry) => this.#takeOut(number, entry.raw, this.#dealWith(entry))),
        ]);
        for (const result of dealtWith) {
          if (result.status === 'rejected') throw result.reason;
          if (!result.value) left += 1;
        }
        if (entries.length + unreadable.length < BATCH) return;
      }
    } catch (error) {
      logger.warn({ err: error, did: number }, 'callbacks were not queued yet');
    }
  }

  /** Takes an entry out once it is dealt with; false when it has to wait. */
  async #takeOut(number: E164, raw: string, dealtWith: Promise<boolean>): Promise<boolean> {
    if (!(await dealtWith)) return false;
    await this.#options.outbox.remove(number, raw);
    return true;
  }

  /** As #hand; one that fails by itself, and not for want of Redis, is set aside after a few tries. */
  async #dealWith(entry: OutboxEntry): Promise<boolean> {
    try {
      return await this.#hand(entry);
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      const { number, sessionId, sequence, raw, session, interaction } = entry;
      const named = { call: interaction?.id, session: sessionId, sequence };
      this.#options.logger.error({ err: error, ...named }, 'a callback cannot be made');
      const told = { sessionId, sequence, ...(interaction === null ? {} : { call: interaction.id }) };
      return this.#troubled.tried(number, { raw, told }, session);
    }
  }

  /** True when the entry is dealt with, false when it has to wait. */
  async #hand(entry: OutboxEntry): Promise<boolean> {
    const { log, payloads, now, logger } = this.#options;
    const { kind, session, interaction, sessionId, sequence, number } = entry;
    const address = { number, sessionId, sequence };
    if (kind === RESEND) {
      const callback = await log.read(address);
      const { round } = JSON.parse(entry.data) as { round: number };
      if (callback !== null) await this.#queue({ ...address, round }, callback.record.url);
      return true;
    }
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
    const record: CallbackRecord = {
      accountId: session.accountId,
      ...{ method, url, parameters, createdAt: now() },
      ...(interaction === null ? {} : { call: interaction.id }),
    };
    // Half of the room is not for those who do not answer: they would have all of it in the end.
    if (this.#size >= this.#most / 2 && this.#options.lanes.isDown(receiverNamed(record.accountId, url))) {
      await this.#overflow(address, record);
      return true;
    }
    const state = await log.open(address, record);
    if (state === 'full') await this.#overflow(address, record);
    if (state === 'queued') await this.#queue({ ...address, round: 0 }, url);
    return true;
  }

  async #queue(delivery: Delivery, url: string): Promise<void> {
    const { queue, defaults } = this.#options;
    await queue.add(delivery, 1 + rulesOf(url, defaults).retries);
    this.#nowWaiting(this.#size + 1);
  }

  async #overflow(address: CallbackAddress, record: CallbackRecord): Promise<void> {
    const { log, now, logger } = this.#options;
    const { sessionId: session, sequence } = address;
    const code: CallbackErrorCode = 'ERR_CALLBACK_OVERFLOW';
    logger.error(
      { call: record.call, session, sequence, code },
      'too many callbacks wait for a receiver: one is set aside',
    );
    const state = await log.setAside(address, record, notMade(code, now()));
    if (state === 'failed') this.#overflown += 1;
    // It was queued by another controller, or before this one died.
    if (state === 'queued') await this.#queue({ ...address, round: 0 }, record.url);
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
