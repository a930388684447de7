import type { FencedLease, HoldProof, LeaseHolder, NodeHold } from '../lease-holder.js';
import type { Logger } from '../telemetry/logger.js';

/** The leases of nodes, which run on the store's clock. */
export interface NodeLeases extends LeaseHolder<FencedLease> {
  /** Milliseconds until the lease of that name lapses; 0 when nobody has it. */
  lapsesIn(name: string): Promise<number>;
  /** Makes another controller the holder, which has `ttl` milliseconds to acquire it; false when it was lost before. */
  pass(name: string, controllerId: string, lease: FencedLease, to: string, ttl: number): Promise<boolean>;
}

export interface NodeLeaseOptions {
  /** `host:port` of the node's Event Socket: what the lease is named after. */
  readonly endpoint: string;
  readonly controllerId: string;
  readonly leases: NodeLeases;
  readonly log: Logger;
}

/** What its owner does when the lease comes and goes. */
export interface LeaseChanges {
  gained(): void;
  /** Resolves when nothing of what the lease allowed goes on any more. */
  lost(): Promise<void>;
}

/**
 * A lease that its holder does not renew passes on after this time. With the next holder's connections
 * that is below 5 s; and a process that has no time for 2.5 s keeps it.
 */
const LEASE_MS = 3_500;
const RENEW_MS = 750;
/** After a store that failed. */
const RETRY_MS = 250;
/** Longest pause of one who stands by: a lease that was given up is taken within it. */
const STANDBY_MS = 500;
/** In which one to whom a lease was passed has to take it: several of its pauses. */
const PASSED_MS = 2_000;
/** The store's clock has lapsed a lease by then. */
const LAPSE_MARGIN_MS = 10;

/**
 * One controller's hold on one node: has the lease, keeps it, or waits for it.
 *
 * Whether it is held is decided by our own clocks, from before the request for it went out, so we think it lost before the store
 * gives it to anybody else. Both clocks must agree: the monotonic one stands still while a machine is suspended.
 */
export class NodeLease implements NodeHold {
  readonly #options: NodeLeaseOptions;
  #changes: LeaseChanges | undefined;
  #running = false;
  #lease: FencedLease | null = null;
  #until = { monotonic: -Infinity, wall: -Infinity };
  #next: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** What the lease allowed is being ended. */
  #ending: Promise<void> = Promise.resolve();

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
  }

  get endpoint(): string {
    return this.#options.endpoint;
  }

  get proof(): HoldProof | null {
    const { endpoint } = this.#options;
    return this.#lease === null || this.#hasLapsed() ? null : { endpoint, fence: this.#lease.fence };
  }

  start(changes: LeaseChanges): void {
    if (this.#running) return;
    this.#running = true;
    this.#changes = changes;
    this.#schedule(0);
  }

  /** Ends what the lease allowed, then gives it up, so that another controller can have it at once. */
  async stop(): Promise<void> {
    const { leases, endpoint, controllerId, log } = this.#options;
    this.#running = false;
    clearTimeout(this.#next);
    await this.#turn;
    clearTimeout(this.#expiry);
    const lease = this.#lease;
    this.#lease = null;
    await this.#ending;
    if (lease === null) return;
    await this.#changes?.lost();
    await leases.release(endpoint, controllerId, lease).catch((error: unknown) => {
      log.warn({ err: error, endpoint }, 'a lease was not released; it lapses');
    });
  }

  /**
   * Ends what the lease allowed, then gives it to that controller, which has it at its next look. False when it was
   * not held, or lost meanwhile. Never rejects.
   */
  async passTo(other: string): Promise<boolean> {
    const lease = this.#lease;
    if (lease === null || this.#hasLapsed()) return false;
    const { leases, endpoint, controllerId, log } = this.#options;
    let passed = false;
    this.#lose();
    // The next turn waits for it, or it would take the lease anew.
    this.#ending = this.#ending
      .then(async () => {
        passed = await leases.pass(endpoint, controllerId, lease, other, PASSED_MS);
      })
      .catch((error: unknown) => {
        log.warn({ err: error, endpoint }, 'a lease was not passed on; it lapses');
      });
    await this.#ending;
    return passed;
  }

  #schedule(delayMs: number): void {
    this.#next = setTimeout(() => {
      this.#turn = this.#takeTurn().then((pauseMs) => {
        if (this.#running) this.#schedule(pauseMs);
      });
    }, delayMs);
  }

  /** Milliseconds until the next turn. Never rejects. */
  async #takeTurn(): Promise<number> {
    const { endpoint, log } = this.#options;
    try {
      await this.#ending;
      return this.#lease === null ? await this.#acquire() : await this.#renew(this.#lease);
    } catch (error) {
      log.warn({ err: error, endpoint }, 'the lease could not be kept or had');
      return RETRY_MS;
    }
  }

  async #acquire(): Promise<number> {
    const { leases, endpoint, controllerId, log } = this.#options;
    const asked = instant();
    const lease = await leases.acquire(endpoint, controllerId, LEASE_MS);
    if (lease === null) {
      return Math.min(STANDBY_MS, LAPSE_MARGIN_MS + (await leases.lapsesIn(endpoint)));
    }
    this.#hold(lease, asked);
    // An answer that was so late is worth nothing: this is asked again.
    if (this.#lease === null) return 0;
    // Told to stop meanwhile, it is given up again.
    if (!this.#running) return 0;
    log.info({ endpoint, fence: lease.fence }, 'supervising the node');
    this.#changes?.gained();
    return RENEW_MS;
  }

  async #renew(lease: FencedLease): Promise<number> {
    const { leases, endpoint, controllerId, log } = this.#options;
    const asked = instant();
    const kept = await leases.renew(endpoint, controllerId, lease, LEASE_MS);
    // It lapsed while the answer was on its way.
    if (this.#lease !== lease) return 0;
    if (kept) {
      this.#hold(lease, asked);
      return RENEW_MS;
    }
    log.warn({ endpoint }, 'the lease was lost; another controller has the node');
    this.#lose();
    return RETRY_MS;
  }

  /** `asked`: before the request went out. */
  #hold(lease: FencedLease, asked: Instant): void {
    this.#until = { monotonic: asked.monotonic + LEASE_MS, wall: asked.wall + LEASE_MS };
    this.#lease = lease;
    clearTimeout(this.#expiry);
    const expire = (): void => {
      if (this.#lease === null) return;
      if (!this.#hasLapsed()) {
        this.#expiry = setTimeout(expire, this.#leftMs());
        return;
      }
      this.#options.log.warn({ endpoint: this.#options.endpoint }, 'the lease lapsed; the node is let go');
      this.#lose();
    };
    if (this.#hasLapsed()) this.#lease = null;
    else this.#expiry = setTimeout(expire, this.#leftMs());
  }

  #lose(): void {
    this.#lease = null;
    clearTimeout(this.#expiry);
    const { endpoint, log } = this.#options;
    this.#ending = (this.#changes?.lost() ?? Promise.resolve()).catch((error: unknown) => {
      log.error({ err: error, endpoint }, 'a node was not let go in order');
    });
  }

  #leftMs(): number {
    const { monotonic, wall } = instant();
    return Math.max(0, Math.min(this.#until.monotonic - monotonic, this.#until.wall - wall));
  }

  #hasLapsed(): boolean {
    return this.#leftMs() === 0;
  }
}

/** Milliseconds of both clocks. */
interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

function instant(): Instant {
  return { monotonic: performance.now(), wall: Date.now() };
}
