import type { Logger } from '../telemetry/logger.js';
import type { CallbackAddress, CallbackLog, LoggedCallback } from '../store/callback-log.js';
import type { DeliveryResult } from '../store/callback-queue.js';
import { rulesOf, type DeliveryRules, type RetryDefaults } from './delivery-rules.js';
import type { ReceiverLanes } from './lanes.js';
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
}

/** Carries one callback to its receiver, and writes down what came of it. */
export class Courier {
  readonly #options: CourierOptions;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** One attempt, unless the receiver has enough of them under way. Throws StoreUnavailableError. */
  async deliver(
    address: CallbackAddress,
    attempt: { readonly last: boolean; readonly signal: AbortSignal },
  ): Promise<DeliveryResult> {
    const { log, lanes } = this.#options;
    if (attempt.signal.aborted) return { later: 0 };
    const callback = await log.read(address);
    // Its session's time is over; or two controllers queued it, and one of the two was faster.
    if (callback?.state !== 'queued') return 'done';
    const { url, accountId } = callback.record;
    const entry = lanes.enter(new URL(url).host);
    if (typeof entry === 'number') return { later: entry };
    let healthy = true;
    try {
      const tokens = await this.#options.tokensOf(accountId);
      const at = this.#options.now();
      const begun = performance.now();
      const rules = rulesOf(url, this.#options.defaults);
      const answer = await this.#options.client.send(callback.record, tokens, rules, attempt.signal);
      if (answer.error?.code === 'ERR_CALLBACK_STOPPED') return { later: 0 };
      healthy = answer.status !== null;
      const durationMs = Math.round(performance.now() - begun);
      return await this.#settle(address, callback, answer, rules, { at, durationMs, last: attempt.last });
    } finally {
      entry.leave(healthy);
    }
  }

  async #settle(
    address: CallbackAddress,
    callback: LoggedCallback,
    answer: ReceiverAnswer,
    rules: DeliveryRules,
    { at, durationMs, last }: { at: number; durationMs: number; last: boolean },
  ): Promise<DeliveryResult> {
    const { error, status } = answer;
    const again = error !== null && !last && error.failure !== null && rules.retryOn.has(error.failure);
    const state = error === null ? 'delivered' : again ? 'queued' : 'failed';
    const attempt = { at, durationMs, status, error: error?.code ?? '', answer: answer.body };
    await this.#options.log.note(address, state, attempt);
    const [, event] = callback.record.parameters[0] ?? [];
    const told = { session: address.sessionId, sequence: address.sequence, event, status, durationMs };
    if (error === null) this.#options.logger.debug(told, 'a callback was taken');
    else this.#options.logger.warn({ ...told, code: error.code, again }, 'a callback was not taken');
    return again ? 'retry' : 'done';
  }
}
