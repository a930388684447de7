import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeLease, type NodeLeases } from '../../../src/calls/node-lease.js';
import { createLogger } from '../../../src/telemetry/logger.js';

const log = createLogger({ level: 'silent' });
const ENDPOINT = '127.0.0.1:8021';

/** The store's side, on the same clock as everything else here. */
class Leases implements NodeLeases {
  holder: { id: string; fence: number; until: number } | null = null;
  failing = false;
  /** Milliseconds that an answer takes. */
  delayMs = 0;
  asked = 0;
  #fence = 0;

  async acquire(_: string, id: string, ttl: number): Promise<{ fence: number } | null> {
    await this.#answer();
    if (this.#live() !== null && this.holder?.id !== id) return null;
    this.#fence += 1;
    this.holder = { id, fence: this.#fence, until: Date.now() + ttl };
    await this.#delay();
    return { fence: this.#fence };
  }

  async renew(_: string, id: string, lease: { fence: number }, ttl: number): Promise<boolean> {
    await this.#answer();
    const holder = this.#live();
    if (holder?.id !== id || holder.fence !== lease.fence) return false;
    holder.until = Date.now() + ttl;
    await this.#delay();
    return true;
  }

  async release(_: string, id: string, lease: { fence: number }): Promise<boolean> {
    await this.#answer();
    if (this.#live()?.id !== id || this.holder?.fence !== lease.fence) return false;
    this.holder = null;
    return true;
  }

  async pass(_: string, id: string, lease: { fence: number }, to: string, ttl: number): Promise<boolean> {
    await this.#answer();
    if (this.#live()?.id !== id || this.holder?.fence !== lease.fence) return false;
    this.holder = { id: to, fence: lease.fence, until: Date.now() + ttl };
    return true;
  }

  async lapsesIn(): Promise<number> {
    await this.#answer();
    return Math.max(0, (this.#live()?.until ?? 0) - Date.now());
  }

  #live(): Leases['holder'] {
    return this.holder !== null && this.holder.until > Date.now() ? this.holder : null;
  }

  async #answer(): Promise<void> {
    this.asked += 1;
    if (this.failing) throw new Error('no redis');
    return Promise.resolve();
  }

  async #delay(): Promise<void> {
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
  }
}

let leases: Leases;
beforeEach(() => {
  vi.useFakeTimers();
  leases = new Leases();
});
afterEach(() => vi.useRealTimers());

interface Watched {
  readonly lease: NodeLease;
  readonly history: string[];
}

function start(controllerId: string): Watched {
  const lease = new NodeLease({ endpoint: ENDPOINT, controllerId, leases, log });
  const history: string[] = [];
  lease.start({
    gained: () => void history.push('gained'),
    lost: () => {
      history.push('lost');
      return Promise.resolve();
    },
  });
  return { lease, history };
}

/** The process has no time, or is stopped, for `ms` milliseconds: the clocks go on, nothing runs. */
function halt(ms: number): void {
  const before = performance.now();
  vi.setSystemTime(Date.now() + ms);
  vi.spyOn(performance, 'now').mockImplementation(() => before + ms);
}

describe('a holder', () => {
  it('has proof of it with the fence, and keeps it', async () => {
    const { lease, history } = start('one');
    expect(lease.proof).toBeNull();
    await vi.advanceTimersByTimeAsync(10);
    expect(lease.proof).toEqual({ endpoint: ENDPOINT, fence: 1 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lease.proof).toEqual({ endpoint: ENDPOINT, fence: 1 });
    expect(history).toEqual(['gained']);
    await lease.stop();
  });

  it('keeps it over a pause of its event loop of 1.5 s, whenever that begins', async () => {
    for (let begin = 0; begin < 750; begin += 50) {
      vi.restoreAllMocks();
      vi.useFakeTimers();
      leases = new Leases();
      const { lease, history } = start('one');
      await vi.advanceTimersByTimeAsync(10 + begin);
      halt(1_500);
      expect(lease.proof, `a pause ${begin} ms after the start`).not.toBeNull();
      vi.restoreAllMocks();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(history).toEqual(['gained']);
      await lease.stop();
    }
  });

  it('has no proof from the instant that it wakes up after a long stop, before any timer of it ran', async () => {
    const { lease } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    halt(30_000);
    expect(lease.proof).toBeNull();
    vi.restoreAllMocks();
  });

  it('has none after a suspension of the machine, over which the monotonic clock stood still', async () => {
    const { lease } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    vi.setSystemTime(Date.now() + 30_000);
    expect(lease.proof).toBeNull();
  });

  it('lets the node go when the lease must have lapsed, though the store does not say so', async () => {
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    leases.failing = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(history).toEqual(['gained']);
    await vi.advanceTimersByTimeAsync(1_700);
    expect(history).toEqual(['gained', 'lost']);
    leases.failing = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lease.proof).toEqual({ endpoint: ENDPOINT, fence: 2 });
    await lease.stop();
  });

  it('lets the node go when the lease was given to another', async () => {
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    leases.holder = { id: 'two', fence: 7, until: Date.now() + 60_000 };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(history).toEqual(['gained', 'lost']);
    expect(lease.proof).toBeNull();
    await lease.stop();
    expect(leases.holder.id).toBe('two');
  });

  it('lets the node go once, also when it learns of the loss while it stops', async () => {
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    leases.holder = { id: 'two', fence: 7, until: Date.now() + 60_000 };
    // The renewal is on its way.
    vi.advanceTimersByTime(750);
    await lease.stop();
    expect(history).toEqual(['gained', 'lost']);
    expect(leases.holder.id).toBe('two');
  });

  it('gives up at once what it is given while it stops', async () => {
    const { lease, history } = start('one');
    vi.advanceTimersByTime(1);
    await lease.stop();
    expect(history).not.toContain('gained');
    expect(leases.holder).toBeNull();
  });

  it('passes it to another by name, when nothing of it goes on any more, and stands by', async () => {
    const first = start('one');
    await vi.advanceTimersByTimeAsync(10);
    const [second, third] = [start('two'), start('three')];
    await vi.advanceTimersByTimeAsync(1_000);
    const passed = first.lease.passTo('three');
    expect(first.lease.proof).toBeNull();
    expect(first.history).toEqual(['gained', 'lost']);
    await vi.advanceTimersByTimeAsync(600);
    expect(await passed).toBe(true);
    expect(third.lease.proof).toEqual({ endpoint: ENDPOINT, fence: 2 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect([first.history, second.history, third.history]).toEqual([['gained', 'lost'], [], ['gained']]);
    for (const { lease } of [first, second, third]) await lease.stop();
  });

  it('has it anew when the one to whom it was passed does not take it', async () => {
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    expect(await lease.passTo('gone')).toBe(true);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(lease.proof).toBeNull();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(history).toEqual(['gained', 'lost', 'gained']);
    await lease.stop();
  });

  it('passes on nothing that it does not hold, and has what could not be passed anew', async () => {
    const second = start('two');
    await vi.advanceTimersByTimeAsync(10);
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    expect(await lease.passTo('three')).toBe(false);
    expect(history).toEqual([]);
    leases.failing = true;
    expect(await second.lease.passTo('three')).toBe(false);
    leases.failing = false;
    await lease.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(second.history).toEqual(['gained', 'lost', 'gained']);
    await second.lease.stop();
  });

  it('waits at its end until what it passes is passed', async () => {
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(10);
    const passed = lease.passTo('two');
    await lease.stop();
    expect(await passed).toBe(true);
    expect(history).toEqual(['gained', 'lost']);
    expect(leases.holder?.id).toBe('two');
  });

  it('counts an answer that came later than the lease lasts for nothing', async () => {
    leases.delayMs = 4_000;
    const { lease, history } = start('one');
    await vi.advanceTimersByTimeAsync(4_100);
    expect(lease.proof).toBeNull();
    expect(history).toEqual([]);
    leases.delayMs = 0;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(history).toEqual(['gained']);
    await lease.stop();
  });
});

describe('one who stands by', () => {
  it('has the node when the lease of a dead holder lapses, and not before', async () => {
    leases.holder = { id: 'dead', fence: 0, until: Date.now() + 3_000 };
    const { lease, history } = start('two');
    await vi.advanceTimersByTimeAsync(2_990);
    expect(history).toEqual([]);
    await vi.advanceTimersByTimeAsync(60);
    expect(history).toEqual(['gained']);
    await lease.stop();
  });

  it('has it within half a second of a holder that stops', async () => {
    const first = start('one');
    await vi.advanceTimersByTimeAsync(10);
    const second = start('two');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(second.history).toEqual([]);
    await first.lease.stop();
    expect(first.history).toEqual(['gained', 'lost']);
    await vi.advanceTimersByTimeAsync(600);
    expect(second.history).toEqual(['gained']);
    await second.lease.stop();
  });

  it('asks the store a few times a second at most', async () => {
    leases.holder = { id: 'other', fence: 0, until: Date.now() + 60_000 };
    const { lease } = start('two');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(leases.asked).toBeLessThan(50);
    await lease.stop();
  });
});
