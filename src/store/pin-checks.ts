import { timingSafeEqual } from 'node:crypto';
import type { PinAttempt, PinCheck, PinLook } from '../calls/ports.js';
import type { Caller } from '../masking/caller.js';
import type { E164 } from '../masking/phone-number.js';
import { OWN_DIGITS, ownDigitsOf, type PinGuardNews, type PinGuardRules } from '../masking/pin-guard.js';
import type { PinEventData } from '../masking/session-event.js';
import type { MaskingSession, Party } from '../masking/session.js';
import { sessionFrom } from './documents.js';
import { UnreadableDocumentError } from './errors.js';
import { numberKey } from './keys.js';
import type { Outbox } from './outbox.js';
import { instantOf, type PinGuards } from './pin-guards.js';
import { WHOLE_RISK, type PinRisk } from './pin-risk.js';
import type { Reply, Scripts } from './scripts.js';
import type { Vault } from './vault.js';

export interface PinChecksOptions {
  readonly rules: PinGuardRules;
  readonly guards: PinGuards;
  readonly overall: PinRisk;
  readonly onNews: (news: PinGuardNews) => void;
  /** Told of an error that kept something beside a check from being noted. */
  readonly onLost: (error: unknown) => void;
}

/** Checks PINs, and guards them against guessing: docs/security.md. */
export class PinChecks {
  readonly rules: PinGuardRules;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #outbox: Outbox;
  readonly #options: PinChecksOptions;

  constructor(scripts: Scripts, vault: Vault, outbox: Outbox, options: PinChecksOptions) {
    this.rules = options.rules;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#outbox = outbox;
    this.#options = options;
  }

  /** As CallStore.checkPin. */
  async check(
    number: E164,
    caller: Caller,
    digits: string,
    now: number,
    attempt: PinAttempt | null,
  ): Promise<PinCheck> {
    void this.#outbox.mark(number);
    const reply = await this.#scripts.run(
      'check-pin',
      [numberKey(number)],
      [
        ...[
          now,
          this.#tokensOf(number, digits),
          this.#namesOf(caller),
          digits.length,
          this.#limits(this.#options.overall.isSpent(now)),
        ],
        attempt === null ? '' : idOf(attempt),
        this.#told(number, caller, attempt),
      ],
    );
    const [appended, result, party, fields, spent, news] = reply as Reply[];
    if (appended === 1) this.#outbox.appended(number);
    this.#note(number, now, Number(spent), news as [string, number, string] | null);
    return this.#checkFrom(number, result ?? null, party ?? null, fields ?? null, now);
  }

  /** As CallLooks.lookAtPin. */
  async look(number: E164, caller: Caller, digits: string, now: number): Promise<PinLook> {
    const reply = await this.#scripts.run(
      'look-at-pin',
      [numberKey(number)],
      [
        ...[now, this.#tokensOf(number, digits), this.#namesOf(caller), digits.length],
        this.#limits(this.#options.overall.wasSpent),
      ],
    );
    const [result, party, fields, mayAnswer] = reply as Reply[];
    const session = sessionFrom(this.#vault, number, fields ?? null, now);
    const match = session === null ? null : { session, party: party as Party };
    if (result === 'asked') return { result, match, mayAnswer: mayAnswer === 1 };
    if (result === 'matched' && match !== null) return { result, match };
    return { result: result === 'refused' ? result : 'wrong' };
  }

  /** As CallStore.checkOwnDigits. */
  async checkOwnDigits(
    number: E164,
    caller: Caller,
    digits: string,
    now: number,
    attempt: PinAttempt,
  ): Promise<PinCheck> {
    const asked = await this.#scripts.run('read-asked', [numberKey(number)], [idOf(attempt)]);
    const isRight = this.#isOwn(number, asked as Reply[], digits, now);
    void this.#outbox.mark(number);
    const reply = await this.#scripts.run(
      'settle-pin',
      [numberKey(number)],
      [
        now,
        this.#namesOf(caller),
        this.#limits(this.#options.overall.isSpent(now)),
        idOf(attempt),
        digits === '' ? '' : isRight ? 'right' : 'wrong',
        this.#told(number, caller, attempt),
      ],
    );
    const [appended, result, party, fields] = reply as Reply[];
    if (appended === 1) this.#outbox.appended(number);
    return this.#checkFrom(number, result ?? null, party ?? null, fields ?? null, now);
  }

  /** The same work for a right and a wrong PIN, and for right and wrong digits. */
  #isOwn(number: E164, [isMatch, party, fields]: Reply[], digits: string, now: number): boolean {
    let session: MaskingSession | null = null;
    try {
      session = sessionFrom(this.#vault, number, fields ?? null, now);
    } catch (error) {
      // The session that stands in for a wrong PIN decides nothing.
      if (isMatch === 1 || !(error instanceof UnreadableDocumentError)) throw error;
    }
    const own = session === null ? null : ownDigitsOf(session, party as Party);
    const isSame = timingSafeEqual(padded(own ?? ''), padded(digits));
    return isMatch === 1 && own !== null && isSame;
  }

  #checkFrom(number: E164, result: Reply, party: Reply, fields: Reply, now: number): PinCheck {
    const session = sessionFrom(this.#vault, number, fields, now);
    if (result === 'matched' && session !== null) {
      return { result: 'matched', match: { session, party: party as Party } };
    }
    return { result: result === 'refused' || result === 'asked' ? result : 'wrong' };
  }

  /** What is beside the check: nobody waits for it. */
  #note(number: E164, now: number, spent: number, news: [string, number, string] | null): void {
    const { guards, overall, onNews, onLost } = this.#options;
    if (spent > 0) void overall.add(spent, now);
    if (!Array.isArray(news)) return;
    const [kind, length, text] = news;
    if (kind === 'ended') {
      onNews({ kind, number, length });
      return;
    }
    const until = instantOf(text);
    onNews({ kind: 'began', number, length, until });
    void guards.began(number, until, now).catch(onLost);
  }

  /** `isGuarded`: everybody who never got in is asked for more, on all numbers. */
  #limits(isGuarded: boolean): string {
    const { guessRisk, callerFree, callerLimit, remember } = this.rules;
    const risk = Math.round(guessRisk * WHOLE_RISK);
    return JSON.stringify({ risk, callerFree, callerLimit, remember, guarded: isGuarded });
  }

  #tokensOf(number: E164, digits: string): string {
    return JSON.stringify(digits === '' ? [] : this.#vault.pinTokens(number, digits));
  }

  #namesOf(caller: Caller): string {
    const tokens = caller.kind === 'number' ? this.#vault.partyTokens(caller.number) : [];
    return JSON.stringify(countedAs(caller, tokens));
  }

  #told(number: E164, caller: Caller, attempt: PinAttempt | null): string {
    const told: PinEventData = {
      from: caller.kind === 'number' ? caller.number : null,
      retry: Math.max(0, (attempt?.number ?? 1) - 1),
    };
    return this.#outbox.seal(number, told);
  }
}

/** Names of the caller's count of wrong PINs, one per data key, the one to count on first. */
export function countedAs(caller: Caller, tokens: readonly string[]): string[] {
  return caller.kind === 'anonymous' ? ['anonymous'] : tokens.map((token) => `caller:${token}`);
}

function idOf({ callId, number }: PinAttempt): string {
  return `${callId}:${number}`;
}

/** Longer digits are wrong ones, and stay so. */
function padded(digits: string): Buffer {
  return Buffer.from(digits.slice(0, OWN_DIGITS + 1).padEnd(OWN_DIGITS + 1, ' '));
}
