import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export interface ConsoleCookieOptions {
  /** DATA_KEYS: base64 of 32 bytes each. The newest, the first, signs; all of them verify. */
  readonly dataKeys: readonly string[];
  /** The main account. With another token no cookie of before is good any more. */
  readonly account: { readonly id: string; readonly token: string };
}

/** Name of the cookie by which a browser is known. */
export const CONSOLE_COOKIE = 'maskline_console';
/** Milliseconds that a log-in lasts. */
export const LOGIN_LASTS = 12 * 3_600_000;

/** What a browser proves itself with once somebody has logged in: the end of the log-in, signed. Nothing is stored. */
export class ConsoleCookies {
  readonly #keys: readonly Buffer[];
  readonly #account: ConsoleCookieOptions['account'];

  constructor({ dataKeys, account }: ConsoleCookieOptions) {
    this.#account = account;
    this.#keys = dataKeys.map((key) =>
      Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', 'maskline console cookie', 32)),
    );
  }

  /** `now` in milliseconds since the epoch. */
  issue(now: number): string {
    const [newest] = this.#keys;
    if (newest === undefined) throw new TypeError('there is no key to sign with');
    const until = String(now + LOGIN_LASTS);
    return `${until}.${this.#sign(newest, until)}`;
  }

  /** Whether the value is ours and has not expired at `now`. */
  accepts(value: string, now: number): boolean {
    const [until = '', given = ''] = value.split('.', 2);
    if (!/^\d{1,15}$/.test(until) || now >= Number(until) || Number(until) > now + LOGIN_LASTS) return false;
    const signature = Buffer.from(given, 'utf8');
    return this.#keys
      .map((key) => Buffer.from(this.#sign(key, until), 'utf8'))
      .map((ours) => ours.length === signature.length && timingSafeEqual(ours, signature))
      .some(Boolean);
  }

  #sign(key: Buffer, until: string): string {
    const { id, token } = this.#account;
    return createHmac('sha256', key).update([id, token, until].join('\0')).digest('base64url');
  }
}
