import type { LeaseHolder } from '../lease-holder.js';
import type { E164 } from '../masking/phone-number.js';
import type { Logger } from '../telemetry/logger.js';

/** Where sessions whose time is over are found and reported. */
export interface ExpirySource {
  numbers(): Promise<readonly E164[]>;
  /** Reports a bounded number of sessions, each once; `more` when there may be more. */
  report(number: E164, now: number): Promise<{ readonly reported: number; readonly more: boolean }>;
}

export interface SessionSweepOptions<Lease> {
  readonly controllerId: string;
  readonly leases: LeaseHolder<Lease>;
  readonly expiry: ExpirySource;
  /** Mends the index of sessions; nothing depends on it. */
  readonly mendIndex: (now: number) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two rounds. Default 2000. */
  readonly roundMs?: number;
}

/** Name of the lease. Nodes' are called `host:port`. */
const LEASE = 'session-sweep';
const LEASE_MS = 15_000;
const ROUND_MS = 2_000;
/** Numbers that one round looks at, so that it ends well within the lease. */
const NUMBERS_PER_ROUND = 500;
const AT_A_TIME = 25;
/** Rounds between two looks at the index. */
const MEND_EVERY = 30;

/**
 * Reports the expiry of sessions, on one controller at a time. It only reports: the clock has ended the
 * sessions, and two sweeps at once would report none twice.
 */
export class SessionSweep<Lease> {
  readonly #options: SessionSweepOptions<Lease>;
  #lease: Lease | null = null;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #running = false;
  #rounds = 0;
  /** Numbers that this pass has still to look at. */
  #pending: E164[] = [];

  constructor(options: SessionSweepOptions<Lease>) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next(0);
  }

  /** Lets the round that runs end, and gives the lease up, so that another controller goes on at once. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#round;
    const { leases, controllerId, log } = this.#options;
    if (this.#lease === null) return;
    const lease = this.#lease;
    this.#lease = null;
    await leases.release(LEASE, controllerId, lease).catch((error: unknown) => {
      log.warn({ err: error }, 'the lease of the session sweep was not released; it lapses');
    });
  }

  #next(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#takeRound()
        .catch((error: unknown) => {
          this.#options.log.warn({ err: error }, 'a round of the session sweep failed');
        })
        .finally(() => {
          if (this.#running) this.#next(this.#options.roundMs ?? ROUND_MS);
        });
    }, delayMs);
  }

  async #takeRound(): Promise<void> {
    if (!(await this.#hold())) return;
    const { expiry, mendIndex, now, log } = this.#options;
    if (this.#pending.length === 0) this.#pending = [...(await expiry.numbers())];
    const looked = this.#pending.splice(0, NUMBERS_PER_ROUND);
    let reported = 0;
    for (let from = 0; from < looked.length && this.#running; from += AT_A_TIME) {
      await Promise.all(
        looked.slice(from, from + AT_A_TIME).map(async (number) => {
          const result = await expiry.report(number, now());
          reported += result.reported;
          // The others come first, the rest of this one in the next round.
          if (result.more) this.#pending.push(number);
        }),
      );
    }
    if (reported > 0) log.debug({ reported }, 'sessions expired');
    this.#rounds += 1;
    if (this.#rounds % MEND_EVERY === 0) await mendIndex(now());
  }

  /** True while this controller is the one that sweeps. */
  async #hold(): Promise<boolean> {
    const { leases, controllerId } = this.#options;
    if (this.#lease !== null && (await leases.renew(LEASE, controllerId, this.#lease, LEASE_MS))) return true;
    this.#lease = await leases.acquire(LEASE, controllerId, LEASE_MS);
    return this.#lease !== null;
  }
}
