import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QuestionGate } from '../../src/question-gate.js';
import { createLogger } from '../../src/telemetry/logger.js';

const log = createLogger({ level: 'silent' });
const LIMIT_MS = 200;

class Port {
  accepting = true;
  refusals = 0;
  setAccepting(accepting: boolean): Promise<void> {
    if (this.refusals > 0) {
      this.refusals -= 1;
      return Promise.reject(new Error('EADDRINUSE'));
    }
    this.accepting = accepting;
    return Promise.resolve();
  }
}

let port: Port;
let ask: () => Promise<void>;
let gate: QuestionGate;

beforeEach(() => {
  port = new Port();
  ask = () => Promise.resolve();
  gate = new QuestionGate({ port, ask: () => ask(), log, intervalMs: 10, limitMs: LIMIT_MS });
  gate.start();
});
afterEach(() => gate.stop());

const fails = (): Promise<void> => Promise.reject(new Error('no redis'));
const isSilent = (): Promise<void> => new Promise(() => undefined);

async function closes(): Promise<void> {
  await vi.waitFor(() => expect(port.accepting).toBe(false), { timeout: 5_000, interval: 5 });
}

async function opens(): Promise<void> {
  await vi.waitFor(() => expect(port.accepting).toBe(true), { timeout: 5_000, interval: 5 });
}

describe('the question port', () => {
  it.each([
    { how: 'fails', away: fails },
    { how: 'is silent', away: isSilent },
  ])('closes while the store $how, and opens when it is back', async ({ away }) => {
    ask = away;
    await closes();
    ask = () => Promise.resolve();
    await opens();
  });

  it('stays open over a failure that is shorter than a decision may take', async () => {
    ask = fails;
    await sleep(LIMIT_MS / 4);
    ask = () => Promise.resolve();
    await sleep(LIMIT_MS * 1.5);
    expect(port.accepting).toBe(true);
  });

  it('stays open over a pause of our own event loop: that is no silence of the store', async () => {
    // As a socket has it: the answer is there, and is read when the loop goes on.
    ask = () => new Promise((resolve) => setImmediate(resolve));
    const changes = vi.spyOn(port, 'setAccepting');
    for (let pause = 0; pause < 3; pause += 1) {
      await sleep(15);
      const until = performance.now() + LIMIT_MS * 1.5;
      while (performance.now() < until);
    }
    await sleep(50);
    expect(changes).not.toHaveBeenCalled();
  });

  it('stays open when a look failed in a pause of our own: its time-out ran out meanwhile', async () => {
    const changes = vi.spyOn(port, 'setAccepting');
    // As the client's command time-out has it: on its way when the loop stands still, and over when it goes on.
    let paused = false;
    ask = async () => {
      if (paused) return;
      paused = true;
      await sleep(1);
      const until = performance.now() + LIMIT_MS * 2;
      while (performance.now() < until);
      throw new Error('timed out');
    };
    await vi.waitFor(() => expect(paused).toBe(true));
    await sleep(50);
    expect(changes).not.toHaveBeenCalled();
    ask = fails;
    await closes();
  });

  it('is opened again and again until the system gives it back', async () => {
    ask = fails;
    await closes();
    port.refusals = 3;
    ask = () => Promise.resolve();
    await opens();
  });

  it('is left as it is once the gate has stopped, also in the middle of a look', async () => {
    ask = isSilent;
    await sleep(20);
    await gate.stop();
    await sleep(LIMIT_MS * 1.5);
    expect(port.accepting).toBe(true);
  });
});
