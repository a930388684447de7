import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import type { CallbackLog } from '../store/callback-log.js';
import type { UnreadableEntry } from '../store/outbox.js';
import type { Logger } from '../telemetry/logger.js';
import { notMade } from './courier.js';

export interface TroubledEntriesOptions {
  readonly log: CallbackLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** How often an entry is tried: what failed by a rare accident gets another chance. */
const MOST_TRIES = 3;
/** Entries whose tries are counted. */
const MOST_COUNTED = 10_000;

/**
 * Entries of outboxes that cannot be opened or made into a callback. After a few tries each is left to the
 * callback log, where it is seen and can be sent again, so that it does not hold up its number's outbox.
 */
export class TroubledEntries {
  readonly #options: TroubledEntriesOptions;
  readonly #tries = new Map<string, number>();
  #setAside = 0;

  constructor(options: TroubledEntriesOptions) {
    this.#options = options;
  }

  /** Entries that were left to the log, since the start. */
  get setAside(): number {
    return this.#setAside;
  }

  /**
   * Counts a try. After the last one the entry is noted as failed, and the answer is true: it is dealt with.
   * `session` is the entry's, if it could be opened. Throws StoreUnavailableError.
   */
  async tried(number: E164, entry: UnreadableEntry, session: MaskingSession | null): Promise<boolean> {
    const tries = (this.#tries.get(entry.raw) ?? 0) + 1;
    if (tries >= MOST_TRIES) {
      await this.#putAside(number, entry, session);
      this.#tries.delete(entry.raw);
      this.#setAside += 1;
      return true;
    }
    this.#tries.set(entry.raw, tries);
    for (const oldest of this.#tries.keys()) {
      if (this.#tries.size <= MOST_COUNTED) break;
      this.#tries.delete(oldest);
    }
    return false;
  }

  async #putAside(
    number: E164,
    { raw, told }: UnreadableEntry,
    session: MaskingSession | null,
  ): Promise<void> {
    const { log, now, logger } = this.#options;
    const why = 'what was to be told cannot be opened (is a data key missing?) or made: it is set aside';
    const named = { call: told?.call, session: told?.sessionId, sequence: told?.sequence };
    logger.error({ did: number, ...named }, why);
    // It says not even whose it was.
    if (told === null) return;
    const record = {
      accountId: session?.accountId ?? '',
      method: session?.settings.callbackMethod ?? 'POST',
      url: session?.settings.callbackUrl ?? '',
      parameters: [
        ['SessionUUID', told.sessionId],
        ['SequenceNumber', String(told.sequence)],
      ],
      createdAt: now(),
    } as const;
    await log.setAside({ number, ...told }, record, notMade('ERR_CALLBACK_DEFECT', now()), raw);
  }
}
