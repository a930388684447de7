import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

import type { RecordFormat } from '../masking/session.js';

export interface RecordingUrlsOptions {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  /** DATA_KEYS: base64 of 32 bytes each. The newest, the first, signs; all of them verify. */
  readonly dataKeys: readonly string[];
  /** Seconds that a signed URL is good for. */
  readonly lifetime: number;
}

export interface SignatureGiven {
  readonly accountId: string;
  /** `<id>.<format>`. */
  readonly file: string;
  /** Of the query: seconds since the epoch. */
  readonly expires: string;
  readonly signature: string;
}

/** Seconds; so that the same recording has the same URL for a while, and can be cached under it. */
const ROUNDED_TO = 60;

/**
 * Where recordings are, and signed URLs for their audio: whoever has one may hear that recording, and no
 * other, until it expires.
 */
export class RecordingUrls {
  readonly #options: RecordingUrlsOptions;
  readonly #keys: readonly Buffer[];

  constructor(options: RecordingUrlsOptions) {
    this.#options = options;
    this.#keys = options.dataKeys.map((key) =>
      Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', 'maskline recording url', 32)),
    );
  }

  /** The API's resource, without a trailing slash as Plivo has it in interactions. */
  resource(accountId: string, id: string): string {
    return `${this.#options.publicUrl}/v1/Account/${accountId}/Recording/${id}`;
  }

  /** The audio, for whoever has the URL. `now` in milliseconds since the epoch. */
  media(recording: { accountId: string; id: string; format: RecordFormat }, now: number): string {
    const { accountId, id, format } = recording;
    const file = `${id}.${format}`;
    const expires = String(Math.ceil((now / 1_000 + this.#options.lifetime) / ROUNDED_TO) * ROUNDED_TO);
    const [newest] = this.#keys;
    if (newest === undefined) throw new TypeError('there is no key to sign with');
    const signature = sign(newest, { accountId, file, expires });
    return `${this.resource(accountId, id)}.${format}?expires=${expires}&signature=${signature}`;
  }

  /** Whether the signature is ours, for exactly this, and has not expired at `now`. */
  accepts(given: SignatureGiven, now: number): boolean {
    if (!/^\d{1,12}$/.test(given.expires) || now >= Number(given.expires) * 1_000) return false;
    const signature = Buffer.from(given.signature, 'utf8');
    return this.#keys
      .map((key) => Buffer.from(sign(key, given), 'utf8'))
      .map((ours) => ours.length === signature.length && timingSafeEqual(ours, signature))
      .some(Boolean);
  }
}

function sign(key: Buffer, { accountId, file, expires }: Omit<SignatureGiven, 'signature'>): string {
  return createHmac('sha256', key).update([accountId, file, expires].join('\0')).digest('base64url');
}
