import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomFillSync } from 'node:crypto';

import type { E164 } from '../masking/phone-number.js';
import { BadDataKeysError, UnreadableDocumentError } from './errors.js';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Documents whose IVs are drawn together: each draw is a call into the system's generator. */
const DRAWN_TOGETHER = 256;
/** 128 bits: two persons share a token with a chance of 2^-64 only once 2^32 persons are stored. */
const TOKEN_BYTES = 16;
/** Persons whose tokens are remembered: whoever looks one up does so several times in a row. */
const MOST_REMEMBERED = 256;

interface DataKey {
  readonly id: string;
  readonly lookup: Buffer;
  readonly encryption: Buffer;
}

/**
 * Keeps parties and PINs out of Redis in clear: keyed hashes to look them up by, and sealed documents.
 *
 * The first of the data keys writes, all of them read. To rotate without a moment in which two
 * controllers disagree about a token, give every controller the new key as the second first, then as
 * the first, and drop the old key once what it wrote has expired.
 */
export class Vault {
  readonly #keys: readonly DataKey[];
  readonly #newest: DataKey;
  /** By number, in the order in which they came. In memory only, until others take their place. */
  readonly #parties = new Map<E164, readonly string[]>();

  readonly #ivs = Buffer.alloc(DRAWN_TOGETHER * IV_BYTES);
  #nextIvAt = this.#ivs.length;

  /** `dataKeys`: base64 of 32 random bytes each, newest first. Throws BadDataKeysError. */
  constructor(dataKeys: readonly string[]) {
    this.#keys = dataKeys.map(derive);
    const [newest] = this.#keys;
    if (newest === undefined) throw new BadDataKeysError('DATA_KEYS holds no key');
    if (new Set(this.#keys.map((key) => key.id)).size < this.#keys.length) {
      throw new BadDataKeysError('DATA_KEYS holds the same key twice');
    }
    this.#newest = newest;
  }

  /** Look-up tokens of a person's number, one per data key, newest first. */
  partyTokens(number: E164): readonly string[] {
    const known = this.#parties.get(number);
    if (known !== undefined) return known;
    const tokens = this.#tokens(`party\0${number}`);
    this.#parties.set(number, tokens);
    for (const oldest of this.#parties.keys()) {
      if (this.#parties.size <= MOST_REMEMBERED) break;
      this.#parties.delete(oldest);
    }
    return tokens;
  }

  /** Look-up tokens of a PIN on one virtual number. Equal PINs on two numbers have nothing in common. */
  pinTokens(virtualNumber: E164, pin: string): string[] {
    return this.#tokens(`pin\0${virtualNumber}\0${pin}`);
  }

  /** What stands for a URL, under the newest data key. */
  urlToken(url: string): string {
    const { lookup } = this.#newest;
    return createHmac('sha256', lookup)
      .update(`url\0${url}`)
      .digest()
      .subarray(0, TOKEN_BYTES)
      .toString('base64url');
  }

  /** AES-256-GCM under the newest key. `context` must be the same when it is opened. */
  seal(text: string, context: string): string {
    const { id, encryption } = this.#newest;
    const iv = this.#nextIv();
    const cipher = createCipheriv('aes-256-gcm', encryption, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`${id}\0${context}`));
    const body = [cipher.update(text, 'utf8'), cipher.final()];
    return `1.${id}.${Buffer.concat([iv, ...body, cipher.getAuthTag()]).toString('base64url')}`;
  }

  /** Random, and given out once. */
  #nextIv(): Buffer {
    if (this.#nextIvAt === this.#ivs.length) {
      randomFillSync(this.#ivs);
      this.#nextIvAt = 0;
    }
    const from = this.#nextIvAt;
    this.#nextIvAt += IV_BYTES;
    return this.#ivs.subarray(from, this.#nextIvAt);
  }

  /** Whether one of our keys sealed the text, as far as the key's id in it tells. */
  knows(sealed: string): boolean {
    const [version, id] = sealed.split('.');
    return version === '1' && this.#keys.some((key) => key.id === id);
  }

  /** Throws UnreadableDocumentError when no key of ours sealed the text for this context. */
  open(sealed: string, context: string): string {
    const [version, id, payload] = sealed.split('.');
    if (version !== '1' || id === undefined || payload === undefined) {
      throw new UnreadableDocumentError('a stored document has an unknown form');
    }
    const key = this.#keys.find((candidate) => candidate.id === id);
    if (key === undefined) {
      throw new UnreadableDocumentError(`a stored document needs data key ${id}, which DATA_KEYS lacks`);
    }
    const bytes = Buffer.from(payload, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.encryption, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(`${id}\0${context}`));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const body = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([body, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new UnreadableDocumentError('a stored document was changed after it was sealed', { cause });
    }
  }

  #tokens(text: string): string[] {
    return this.#keys.map((key) =>
      createHmac('sha256', key.lookup).update(text).digest().subarray(0, TOKEN_BYTES).toString('base64url'),
    );
  }
}

function derive(base64: string): DataKey {
  const key = Buffer.from(base64, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== base64) {
    throw new BadDataKeysError('a key in DATA_KEYS is not 32 bytes in base64');
  }
  return {
    id: expand(key, 'maskline key id', 4).toString('hex'),
    lookup: expand(key, 'maskline lookup', KEY_BYTES),
    encryption: expand(key, 'maskline encryption', KEY_BYTES),
  };
}

function expand(key: Buffer, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', purpose, bytes));
}
