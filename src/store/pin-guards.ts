import type { PinGuardNews, PinGuardRules, PinStanding } from '../masking/pin-guard.js';
import { isE164, type E164 } from '../masking/phone-number.js';
import { numberKey, PIN_GUARDS_KEY } from './keys.js';
import { WHOLE_RISK } from './pin-risk.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** Milliseconds after which a guard is looked at that lasts as long as its PINs live. */
const LOOK_AGAIN = 3_600_000;
/** Numbers that one review looks at. */
const AT_A_TIME = 100;

/** Which numbers are guarded against guessing, for those who want to know; check-pin decides by itself. */
export class PinGuards {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #risk: number;

  constructor(client: RedisClient, scripts: Scripts, rules: PinGuardRules) {
    this.#client = client;
    this.#scripts = scripts;
    this.#risk = Math.round(rules.guessRisk * WHOLE_RISK);
  }

  /** How the number stands for each length of its live PINs, shortest first. */
  async of(number: E164, now: number): Promise<PinStanding[]> {
    const reply = await this.#scripts.run('read-guard', [numberKey(number)], [now, this.#risk]);
    return (reply as [number, number, string, string][]).map(([length, live, left, until]) => ({
      length,
      live,
      left: Number(left),
      guardedUntil: until === '0' ? null : instantOf(until),
    }));
  }

  /** Has the end of a guard that began looked for. Instants are milliseconds since the epoch. */
  async began(number: E164, until: number, now: number): Promise<void> {
    const at = Number.isFinite(until) ? until : now + LOOK_AGAIN;
    await guarded(() => this.#client.zadd(PIN_GUARDS_KEY, at, number));
  }

  /** The guards that are over by now, each told once among all controllers. */
  async review(now: number): Promise<PinGuardNews[]> {
    const due = await guarded(() =>
      this.#client.zrangebyscore(PIN_GUARDS_KEY, '-inf', now, 'LIMIT', 0, AT_A_TIME),
    );
    const news: PinGuardNews[] = [];
    for (const number of due.filter(isE164)) {
      const reply = await this.#scripts.run('watch-guard', [numberKey(number)], [now, this.#risk]);
      const [ended, nextEnd] = reply as [number[], string];
      for (const length of ended) news.push({ kind: 'ended', number, length });
      if (nextEnd === '0') await guarded(() => this.#client.zrem(PIN_GUARDS_KEY, number));
      else await guarded(() => this.#client.zadd(PIN_GUARDS_KEY, Number(nextEnd), number));
    }
    return news;
  }
}

/** An instant as the scripts answer it: -1 for as long as so many PINs live. */
export function instantOf(text: string): number {
  return text === '-1' ? Infinity : Number(text);
}
