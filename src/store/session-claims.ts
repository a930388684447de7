import { Cluster } from 'ioredis';

import { gathered, Gathered } from '../gathered.js';
import type { E164 } from '../masking/phone-number.js';
import { sealSession, type SessionDocument } from './documents.js';
import { SessionExpiredError, SessionNotFoundError, StoreUnavailableError } from './errors.js';
import { numberKey, pointerKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { ClockReading } from './redis-clock.js';
import { guarded, type Scripts } from './scripts.js';
import type { SessionChanges } from './session-changes.js';
import { placeOf, type SessionIndex } from './session-index.js';
import { heldUntil, strangersOf, tokensOf } from './session-tokens.js';
import type { Vault } from './vault.js';
import { Withdrawals, type WithdrawalNews } from './withdrawals.js';

/** A look at the clock of the Redis behind a connection, and when it was begun, by performance.now(). */
interface ClockLook {
  readonly stream: object;
  readonly at: number;
  readonly reading: Promise<ClockReading>;
}

export type ClaimResult = 'claimed' | 'number-gone' | 'party-taken' | 'pin-taken' | 'strangers-taken';

export interface SessionClaimsOptions {
  readonly client: RedisClient;
  readonly scripts: Scripts;
  readonly vault: Vault;
  readonly index: SessionIndex;
  readonly changes: SessionChanges;
  /** Milliseconds that a session stays readable once it has expired. */
  readonly retention: number;
  /** Milliseconds that a pointer outlives its session. */
  readonly pointerMargin: number;
  /** Milliseconds that the answer to a claim is waited for. */
  readonly patience: number;
  readonly onWithdrawal: (news: WithdrawalNews) => void;
}

/**
 * Writes what has to be stored wherever the session is. It is sent ahead of the session, if it is sent as `gathered`
 * tells, and may be asked for more than once; when it fails there is no session.
 */
export type Alongside = () => Promise<void>;

/** A claim as the script takes it, and its answer once it came. */
interface Asked {
  readonly args: readonly (string | number)[];
  result: string;
}

/** Those that come in one turn of the event loop. A script goes through so many at most, and Redis does nothing else meanwhile. */
const ASKED_TOGETHER = { most: 32 };
/** Milliseconds for which a look at Redis' clock is used. */
const CLOCK_IS_FRESH = 1_000;
/** Milliseconds within which a command that was sent comes to Redis, or never. */
const ON_ITS_WAY = 3_600_000;

/**
 * Puts sessions on virtual numbers, so that a claim that fails leaves none: a client that is told of a failure sends
 * its request again, and would have two. A claim that Redis comes to when nobody awaits its answer any more does
 * nothing; one that was carried out and whose answer is lost is withdrawn as soon as Redis answers.
 */
export class SessionClaims {
  readonly #options: SessionClaimsOptions;
  readonly #withdrawals: Withdrawals;
  /** By the key of the number: who has no number yet is mostly advised the same. */
  readonly #asking = new Gathered<Asked>((asked, key) => this.#askTogether(asked, key), ASKED_TOGETHER);
  #clock: ClockLook | null = null;

  constructor(options: SessionClaimsOptions) {
    this.#options = options;
    this.#withdrawals = new Withdrawals({
      withdraw: (document) => this.#withdraw(document),
      onNews: options.onWithdrawal,
    });
  }

  /**
   * Claims `number` for what `draw` makes; `attempts` times at most when a PIN is taken, each with another draw.
   * `look` is the answer of `look()`, from shortly before. Rejects as `alongside` does, too.
   * Throws StoreUnavailableError: then there is no session, or there will be none as soon as Redis answers.
   */
  async claim(
    number: E164,
    draw: () => SessionDocument,
    attempts: number,
    look: Promise<ClockReading> | null,
    alongside: Alongside,
  ): Promise<{ result: ClaimResult; document: SessionDocument }> {
    return this.#withdrawals.keepingPlace(number, async () => {
      let document = draw();
      try {
        const clock = await (look ?? this.#lookAt(number));
        let result = await this.#prepareAndAsk(document, clock, alongside);
        for (let attempt = 2; result === 'pin-taken' && attempt <= attempts; attempt += 1) {
          document = draw();
          result = await this.#ask(document, clock);
        }
        return { result, document };
      } catch (error) {
        if (await this.#isThere(document, alongside)) return { result: 'claimed', document };
        this.#withdrawals.owe(document, error);
        throw error;
      }
    });
  }

  /**
   * A look at Redis' clock, to be taken along with what is read before a number is known; null in a cluster, where the
   * number decides whose clock it is. One serves the creates of a second, as long as the connection is the same: behind
   * another one may be another Redis.
   */
  look(): Promise<ClockReading> | null {
    const { client } = this.#options;
    if (client instanceof Cluster) return null;
    const { stream } = client;
    const now = performance.now();
    const last = this.#clock;
    if (last !== null && last.stream === stream && now - last.at < CLOCK_IS_FRESH) return last.reading;
    const reading = guarded(() => client.time()).then((reply) => new ClockReading(reply));
    const look: ClockLook = { stream, at: now, reading };
    this.#clock = look;
    // Nobody asks for it when what is read beside it fails.
    reading.catch(() => this.#forgetClock());
    return reading;
  }

  /** Takes back what was written ahead of claims that were refused. Throws StoreUnavailableError. */
  async forget(session: SessionDocument): Promise<void> {
    const { client, index } = this.#options;
    await Promise.all([
      guarded(() => client.del(pointerKey(session.id))),
      index.withdraw({ ...placeOf(session), operation: session.id }),
    ]);
  }

  /** Withdraws what can be. */
  async close(): Promise<void> {
    await this.#withdrawals.close();
  }

  #forgetClock(): void {
    this.#clock = null;
  }

  async #lookAt(number: E164): Promise<ClockReading> {
    return new ClockReading(await this.#options.scripts.run('read-clock', [numberKey(number)], []));
  }

  /**
   * Whatever leads to the session is written ahead of it: leading nowhere is harmless, the reverse is not. One Redis
   * carries out, and keeps, in the order in which they are sent what comes on one connection, so nothing is waited for
   * in between. The nodes of a cluster know no common order.
   */
  async #prepareAndAsk(
    document: SessionDocument,
    clock: ClockReading,
    alongside: Alongside,
  ): Promise<ClaimResult> {
    const prepared = Promise.all([alongside(), this.#prepare(document)]);
    // It may fail before anybody waits for it.
    prepared.catch(() => undefined);
    if (this.#options.client instanceof Cluster) await prepared;
    else await gathered();
    const [result] = await Promise.all([this.#ask(document, clock), prepared]);
    return result;
  }

  /** Sent as `gathered` tells. */
  async #prepare(document: SessionDocument): Promise<void> {
    const { client, index, retention, pointerMargin } = this.#options;
    const { id, virtualNumber, createdAt, expiresAt } = document;
    const ttl = expiresAt - createdAt + retention + pointerMargin;
    await Promise.all([
      guarded(() => client.set(pointerKey(id), virtualNumber, 'PX', ttl)),
      index.enterNew(document),
    ]);
  }

  async #ask(document: SessionDocument, clock: ClockReading): Promise<ClaimResult> {
    const { vault, retention, patience } = this.#options;
    const { id, virtualNumber, createdAt, expiresAt } = document;
    const args = [
      ...[id, createdAt, expiresAt, heldUntil(document), retention],
      ...[sealSession(vault, document), strangersOf(document), tokensOf(vault, document)],
      clock.in(patience),
    ];
    const asked: Asked = { args, result: '' };
    await this.#asking.add(numberKey(virtualNumber), asked);
    const { result } = asked;
    if (result === 'too-late') {
      // Or its clock was set forward.
      this.#forgetClock();
      throw new StoreUnavailableError('Redis came to a claim too late');
    }
    return result as ClaimResult;
  }

  /** Claims of one number. */
  async #askTogether(asked: readonly Asked[], key: string): Promise<void> {
    const args = asked.flatMap((each) => each.args);
    const results = String(await this.#options.scripts.run('claim', [key], args)).split(' ');
    for (const [index, each] of asked.entries()) each.result = results[index] ?? '';
  }

  /**
   * After a failure: true when the session was written nevertheless, with all that leads to it, and its client can
   * still be told of it.
   */
  async #isThere(document: SessionDocument, alongside: Alongside): Promise<boolean> {
    // The claim may wait for others yet. What is asked here comes after it.
    await gathered();
    return Promise.all([this.#conclude(document, 'keep'), this.#prepare(document), alongside()]).then(
      ([result]) => result === 'claimed',
      () => false,
    );
  }

  async #withdraw(document: SessionDocument): Promise<'void' | 'dropped' | 'ended'> {
    const result = await this.#conclude(document, 'drop');
    if (result === 'used') {
      await this.#options.changes
        .end(document.id, Math.max(Date.now(), document.createdAt))
        .catch((error: unknown) => {
          const isOver = error instanceof SessionExpiredError || error instanceof SessionNotFoundError;
          if (!isOver) throw error;
        });
      return 'ended';
    }
    await this.forget(document);
    return result === 'dropped' ? 'dropped' : 'void';
  }

  async #conclude(document: SessionDocument, what: 'keep' | 'drop'): Promise<unknown> {
    const { scripts, vault } = this.#options;
    const args = [document.id, what, tokensOf(vault, document), ON_ITS_WAY];
    return scripts.run('conclude-claim', [numberKey(document.virtualNumber)], args);
  }
}
