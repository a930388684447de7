import type { Logger } from '../telemetry/logger.js';
import type { CallbackAttempt, CallbackLog, LoggedCallback } from '../store/callback-log.js';
import type { Delivery, DeliveryResult, DeliveryTurn } from '../store/callback-queue.js';
import { StoreUnavailableError } from '../store/errors.js';
import { rulesOf, type DeliveryRules, type RetryDefaults } from './delivery-rules.js';
import type { CallbackErrorCode } from './errors.js';
import { receiverNamed, type AttemptOutcome, type ReceiverLanes } from './lanes.js';
import type { ReceiverAnswer, ReceiverClient } from './receiver-client.js';
import type { SigningTokens } from './signature.js';

export interface CourierOptions {
  readonly log: CallbackLog;
  readonly client: ReceiverClient;
  readonly lanes: ReceiverLanes;
  readonly defaults: RetryDefaults;
  /** What the callbacks of an account are signed with. */
  readonly tokensOf: (accountId: string) => Promise<SigningTokens>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Milliseconds that a callback waits for a receiver that is down. Default a day. */
  readonly longestWait?: number;
  /** Hears of every attempt. */
  readonly onAttempt?: (tried: CallbackTried) => void;
}

/** What came of an attempt. */
export interface CallbackTried {
  readonly result: 'delivered' | 'again' | 'failed';
  /** Code of the error; null when the receiver took it. */
  readonly code: CallbackErrorCode | null;
  /** EventName. */
  readonly event: string;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** The call that it tells of, its A leg's UUID; null when it tells of none. */
  readonly call: string | null;
}

const LONGEST_WAIT = 24 * 3_600_000;

/** An attempt that was not made, and why. */
export function notMade(error: CallbackErrorCode, at: number): CallbackAttempt {
  return { at, durationMs: 0, status: null, error, answer: '' };
}

/** Carries one callback to its receiver, and writes down what came of it. */
export class Courier {
  readonly #options: CourierOptions;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** One attempt, unless the receiver has enough of them under way. Throws StoreUnavailableError. */
  async deliver(delivery: Delivery, turn: DeliveryTurn): Promise<DeliveryResult> {
    if (turn.signal.aborted) return { later: 0 };
    try {
      const callback = await this.#options.log.read(delivery);
      // Its session's time is over; two controllers queued it, and one was faster; or it was to be sent again since.
      if (callback?.state !== 'queued' || callback.round !== delivery.round) return 'done';
      return await this.#attempt(delivery, callback, turn);
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      // It would fail as often as it is tried. It stays in the log, from where it can be sent again.
      const { sessionId: session, sequence } = delivery;
      this.#options.logger.error(
        { err: error, session, sequence },
        'a callback cannot be sent: it is set aside',
      );
      await this.giveUp(delivery);
      return 'done';
    }
  }

  /** Notes that a callback cannot be sent. Throws StoreUnavailableError. */
  async giveUp(delivery: Delivery): Promise<void> {
    const { log, now } = this.#options;
    await log.note(delivery, delivery.round, 'failed', notMade('ERR_CALLBACK_DEFECT', now()));
  }

  async #attempt(delivery: Delivery, callback: LoggedCallback, turn: DeliveryTurn): Promise<DeliveryResult> {
    const { lanes, now, client, defaults, longestWait = LONGEST_WAIT } = this.#options;
    const { url, accountId } = callback.record;
    const receiver = receiverNamed(accountId, url);
    const entry = lanes.enter(receiver);
    if (typeof entry === 'number') {
      // The queue stamps with the system's clock.
      if (!lanes.isDown(receiver) || Date.now() - turn.queuedAt < longestWait) return { later: entry };
      return this.#notedDown(delivery, callback);
    }
    let outcome: AttemptOutcome = 'stopped';
    try {
      const tokens = await this.#options.tokensOf(accountId);
      const at = now();
      const begun = performance.now();
      const rules = rulesOf(url, defaults);
      const answer = await client.send(callback.record, tokens, rules, turn.signal);
      if (answer.error?.code === 'ERR_CALLBACK_STOPPED') return { later: 0 };
      outcome = answer.status === null ? 'silent' : 'answered';
      const durationMs = Math.round(performance.now() - begun);
      // The place is free for the next one while this one is written down.
      entry.leave(outcome);
      return await this.#settle(delivery, callback, answer, rules, { at, durationMs, last: turn.last });
    } finally {
      entry.leave(outcome);
    }
  }

  async #notedDown(delivery: Delivery, { record: { call } }: LoggedCallback): Promise<DeliveryResult> {
    const { log, now, logger } = this.#options;
    const { sessionId: session, sequence } = delivery;
    await log.note(delivery, delivery.round, 'failed', notMade('ERR_CALLBACK_RECEIVER_DOWN', now()));
    logger.warn({ call, session, sequence }, 'a callback waited for a day: its receiver answers nothing');
    return 'done';
  }

  async #settle(
    delivery: Delivery,
    callback: LoggedCallback,
    answer: ReceiverAnswer,
    rules: DeliveryRules,
    { at, durationMs, last }: { at: number; durationMs: number; last: boolean },
  ): Promise<DeliveryResult> {
    const { error, status } = answer;
    const again = error !== null && !last && error.failure !== null && rules.retryOn.has(error.failure);
    const state = error === null ? 'delivered' : again ? 'queued' : 'failed';
    const [, event = ''] = callback.record.parameters[0] ?? [];
    const { call } = callback.record;
    const result = state === 'queued' ? 'again' : state;
    this.#options.onAttempt?.({
      result,
      code: error?.code ?? null,
      event,
      status,
      at,
      durationMs,
      call: call ?? null,
    });
    const attempt = { at, durationMs, status, error: error?.code ?? '', answer: answer.body };
    await this.#options.log.note(delivery, delivery.round, state, attempt);
    const told = {
      call,
      session: delivery.sessionId,
      sequence: delivery.sequence,
      event,
      status,
      durationMs,
    };
    if (error === null) this.#options.logger.debug(told, 'a callback was taken');
    else this.#options.logger.warn({ ...told, code: error.code, again }, 'a callback was not taken');
    return again ? 'retry' : 'done';
  }
}
