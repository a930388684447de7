import { createHmac, randomBytes } from 'node:crypto';

/** Milliseconds over which wrong tokens are counted, from the first one on. */
const WINDOW = 600_000;
/** Milliseconds that a credential that was right is remembered for its address. */
const PROVEN = 24 * 3_600_000;
/** Addresses, and addresses with an account, that are counted at once; the oldest give way. */
const MOST_COUNTED = 20_000;
const MOST_PROVEN = 20_000;
/** An address may try so many times the tokens that it may try for one account. */
const ACCOUNTS_PER_ADDRESS = 5;

interface Tried {
  ends: number;
  readonly tokens: Set<string>;
}

/** A credential as a client gave it, and from where (see peerOf). */
export interface Attempt {
  readonly peer: string;
  readonly id: string;
  readonly token: string;
}

/**
 * Slows the guessing of tokens down. Different wrong tokens are counted per address and account, and per
 * address; past the limit that address is refused until its window is over. So:
 * - a wrong token never keeps the right one out from another address;
 * - a client that repeats one stale token counts once, and locks nobody out;
 * - who was let in from the same address before still is: behind a proxy all clients have one address.
 *
 * Keeps keyed digests alone, of a key that ends with the process, and a bounded number of them.
 */
export class CredentialGuard {
  readonly #limit: number;
  readonly #key = randomBytes(32);
  readonly #tried = new Map<string, Tried>();
  readonly #proven = new Map<string, number>();
  /** Of attempts that are under way: most are found to be right next. */
  readonly #proofs = new WeakMap<Attempt, string>();

  /** `limit`: different wrong tokens from one address for one account; 0 for any number. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Milliseconds until the attempt may be looked at; 0 for now. `now` in milliseconds since the epoch. */
  wait(attempt: Attempt, now: number): number {
    if (this.#limit === 0) return 0;
    const known = this.#proven.get(this.#proofOf(attempt));
    if (known !== undefined && now < known) return 0;
    const waits = this.#counts(attempt).map(({ key, limit }) => {
      const tried = this.#current(key, now);
      return tried === null || tried.tokens.size < limit ? 0 : tried.ends - now;
    });
    return Math.max(...waits);
  }

  /** The attempt was right. */
  right(attempt: Attempt, now: number): void {
    if (this.#limit === 0) return;
    const digest = this.#proofOf(attempt);
    this.#proven.delete(digest);
    this.#proven.set(digest, now + PROVEN);
    forgetOldest(this.#proven, MOST_PROVEN);
  }

  /** The attempt was wrong. True when it is the one by which its address is refused from now on. */
  wrong(attempt: Attempt, now: number): boolean {
    if (this.#limit === 0) return false;
    const digest = this.#digest('token', attempt.id, attempt.token);
    let isLast = false;
    for (const { key, limit } of this.#counts(attempt)) {
      const tried = this.#current(key, now) ?? this.#begin(key, now);
      const before = tried.tokens.size;
      if (before < limit) tried.tokens.add(digest);
      isLast ||= before < limit && tried.tokens.size === limit;
    }
    return isLast;
  }

  #proofOf(attempt: Attempt): string {
    const known = this.#proofs.get(attempt);
    if (known !== undefined) return known;
    const proof = this.#digest('proven', attempt.peer, attempt.id, attempt.token);
    this.#proofs.set(attempt, proof);
    return proof;
  }

  #counts({ peer, id }: Attempt): readonly { key: string; limit: number }[] {
    return [
      { key: this.#digest('pair', peer, id), limit: this.#limit },
      { key: this.#digest('peer', peer), limit: this.#limit * ACCOUNTS_PER_ADDRESS },
    ];
  }

  #current(key: string, now: number): Tried | null {
    const tried = this.#tried.get(key);
    // A clock that was set back begins a new window, too.
    return tried === undefined || now >= tried.ends || now < tried.ends - WINDOW ? null : tried;
  }

  #begin(key: string, now: number): Tried {
    const tried = { ends: now + WINDOW, tokens: new Set<string>() };
    this.#tried.delete(key);
    this.#tried.set(key, tried);
    forgetOldest(this.#tried, MOST_COUNTED);
    return tried;
  }

  #digest(...parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
  }
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
