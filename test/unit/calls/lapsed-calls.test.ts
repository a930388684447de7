import { beforeEach, describe, expect, it } from 'vitest';
import { LapsedCalls, type LapsedCallsOptions } from '../../../src/calls/lapsed-calls.js';
import type { LiveInteraction } from '../../../src/calls/ports.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { DID, NOW } from '../../helpers/sessions.js';

const UUID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';
const CLAIM_ENDS = NOW + 3_600_000;
/** Past every margin. */
const LATE = CLAIM_ENDS + 600_000;
const log = createLogger({ level: 'silent' });

const live: LiveInteraction = {
  node: 'gone',
  number: DID,
  sessionId: 'session-1',
  accountId: 'MAXXXXXXXXXXXXXXXXXX',
  interactionId: UUID,
  startedAt: NOW,
  claimUntil: CLAIM_ENDS,
};

let store: FakeCallStore;
let time: number;
beforeEach(() => {
  store = new FakeCallStore();
  store.live = [live];
  time = LATE;
});

function lapsedCalls(changes: Partial<LapsedCallsOptions> = {}): LapsedCalls {
  return new LapsedCalls({
    store,
    names: () => Promise.resolve(['gone']),
    sightings: { lastSeen: () => Promise.resolve(NOW + 20_000) },
    recordWaits: () => Promise.resolve(false),
    now: () => time,
    log,
    ...changes,
  });
}

describe('a call whose node never came back', () => {
  it('is ended, both legs, when it was last seen', async () => {
    store.open = new Map([[UUID, [{ uuid: 'b-leg', since: NOW + 3_000 }]]]);
    await lapsedCalls().round();
    expect(store.finished.map(({ leg }) => leg)).toMatchObject([
      { uuid: 'b-leg', role: 'b', cause: 'CRASH', endedAt: NOW + 20_000 },
      { uuid: UUID, role: 'a', cause: 'CRASH', endedBy: 'system', endedAt: NOW + 20_000 },
    ]);
  });

  it('is left alone while it may still be up, or its record on its way', async () => {
    for (const at of [NOW, CLAIM_ENDS - 1, CLAIM_ENDS + 60_000]) {
      time = at;
      await lapsedCalls().round();
    }
    time = LATE;
    await lapsedCalls({ recordWaits: () => Promise.resolve(true) }).round();
    expect(store.finished).toEqual([]);
  });

  it('is not said to have lasted beyond its claim', async () => {
    await lapsedCalls({ sightings: { lastSeen: () => Promise.resolve(LATE) } }).round();
    expect(store.finished[0]?.leg.endedAt).toBe(CLAIM_ENDS);
  });

  it('waits for the next round when the store is away', async () => {
    store.failure = new Error('no redis');
    const calls = lapsedCalls();
    await calls.round();
    store.failure = null;
    await calls.round();
    expect(store.finished).toHaveLength(1);
  });
});
