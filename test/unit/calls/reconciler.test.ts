import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeHold } from '../../../src/lease-holder.js';
import type { NodeLink } from '../../../src/calls/node-link.js';
import type { LiveInteraction } from '../../../src/calls/ports.js';
import { Reconciler, type ReconcilerOptions, type SightingStore } from '../../../src/calls/reconciler.js';
import type { Interaction, LegRecord } from '../../../src/masking/interaction.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { LeaseLostError } from '../../../src/store/errors.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { HELD } from '../../helpers/hold.js';
import { DID, NOW } from '../../helpers/sessions.js';

const UUID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';
const STARTED = NOW - 600_000;
const log = createLogger({ level: 'silent' });

class FakeNode implements NodeLink {
  state: NodeLink['state'] = 'up';
  upSince = 0;
  name = 'node-1';
  draining = false;
  failure: Error | null = null;
  onLook: () => void = () => undefined;
  readonly channels = new Set<string>();
  start(): void {
    throw new Error('a reconciler does not start nodes');
  }
  stop(): Promise<void> {
    return Promise.reject(new Error('a reconciler does not stop nodes'));
  }
  on(): unknown {
    return this;
  }
  originate(): Promise<void> {
    return Promise.reject(new Error('a reconciler does not originate'));
  }
  hangup(): Promise<boolean> {
    return Promise.reject(new Error('a reconciler hangs nothing up'));
  }
  gateway(): Promise<null> {
    return Promise.resolve(null);
  }
  exists(uuid: string): Promise<boolean> {
    this.onLook();
    return this.failure === null ? Promise.resolve(this.channels.has(uuid)) : Promise.reject(this.failure);
  }
}

class LiveStore extends FakeCallStore {
  override liveOn(node = ''): Promise<LiveInteraction[]> {
    return Promise.resolve(this.live.filter((interaction) => interaction.node === node));
  }
}

class Sightings extends Map<string, number> implements SightingStore {
  /** The node's next holder has looked. */
  lost = false;
  noteSeen(node: string, at: number): Promise<void> {
    this.set(node, at);
    return Promise.resolve();
  }
  lastSeen(node: string): Promise<number | null> {
    return Promise.resolve(this.get(node) ?? null);
  }
  confirm(): Promise<void> {
    return this.lost ? Promise.reject(new LeaseLostError('the next holder has looked')) : Promise.resolve();
  }
}

const live: LiveInteraction = {
  node: 'node-1',
  number: DID,
  sessionId: 'session-1',
  accountId: 'MAXXXXXXXXXXXXXXXXXX',
  interactionId: UUID,
  startedAt: STARTED,
  claimUntil: NOW + 14_400_000,
};

function interactionOf(changes: Partial<Interaction>): Interaction {
  return {
    id: UUID,
    sessionId: live.sessionId,
    virtualNumber: DID,
    node: 'node-1',
    caller: 'second',
    stage: 'connected',
    startedAt: STARTED,
    connectedAt: null,
    endedAt: null,
    endedBy: null,
    cause: '',
    recording: '',
    people: null,
    legs: [],
    ...changes,
  };
}

/** A B leg that ended before. */
function legOf(uuid: string): LegRecord {
  return {
    ...{ uuid, role: 'b', party: 'first', startedAt: STARTED, ringingAt: null, answeredAt: null },
    ...{
      bridgedAt: null,
      endedAt: STARTED + 1_000,
      cause: 'USER_BUSY',
      sipStatus: 486,
      endedBy: 'b',
      trunk: 't1',
    },
  };
}

let store: LiveStore;
let node: FakeNode;
let sightings: Sightings;
let time: number;
let hold: NodeHold;

beforeEach(() => {
  store = new LiveStore();
  store.live = [live];
  node = new FakeNode();
  sightings = new Sightings();
  time = NOW;
});

function reconcilerWith(changes: Partial<ReconcilerOptions> = {}): Reconciler {
  return new Reconciler({ node, hold: HELD, store, sightings, now: () => time, log, ...changes });
}

/** One round at `at`, in milliseconds since the epoch. */
async function round(reconciler: Reconciler, at: number): Promise<void> {
  time = at;
  await reconciler.reconcile();
}

describe('what it ends', () => {
  it('an interaction whose channel is missing twice, not once', async () => {
    const reconciler = reconcilerWith();
    await round(reconciler, NOW);
    expect(store.finished).toEqual([]);
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toMatchObject([
      { address: { interactionId: UUID }, leg: { uuid: UUID, role: 'a', cause: 'CRASH', endedBy: 'system' } },
    ]);
  });

  it('those of many whose channels are missing', async () => {
    store.live = Array.from({ length: 120 }, (_, index) => ({ ...live, interactionId: `call-${index}` }));
    const gone = new Set(['call-0', 'call-49', 'call-50', 'call-119']);
    for (const { interactionId } of store.live)
      if (!gone.has(interactionId)) node.channels.add(interactionId);
    const reconciler = reconcilerWith();
    await round(reconciler, NOW);
    expect(store.finished).toEqual([]);
    await round(reconciler, NOW + 15_000);
    expect(store.finished.map(({ leg: { uuid } }) => uuid)).toEqual([...gone]);
    expect(sightings.get('node-1')).toBe(NOW + 15_000);
  });

  it('what is missing when the node is taken over, within seconds', async () => {
    const reconciler = reconcilerWith({ intervalMs: 60_000, againMs: 20 });
    reconciler.start();
    await vi.waitFor(() => expect(store.finished).toHaveLength(1));
    await reconciler.stop();
  });

  it('nothing while the record of the call waits to be taken, and says more', async () => {
    let waits = true;
    const reconciler = reconcilerWith({ recordWaits: (uuid) => Promise.resolve(waits && uuid === UUID) });
    await round(reconciler, NOW);
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toEqual([]);
    waits = false;
    await round(reconciler, NOW + 30_000);
    expect(store.finished).toHaveLength(1);
  });

  it.each([
    { how: 'by its own clock', lose: () => void (hold = { proof: null }) },
    { how: 'because its next holder was there', lose: () => void (sightings.lost = true) },
  ])('nothing once the lease is lost, $how', async ({ lose }) => {
    hold = HELD;
    const reconciler = reconcilerWith({
      hold: {
        get proof() {
          return hold.proof;
        },
      },
    });
    await round(reconciler, NOW);
    lose();
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toEqual([]);
    expect(sightings.get('node-1')).toBe(NOW);
  });

  it('nothing when the lease is lost between the look and the end', async () => {
    hold = HELD;
    const reconciler = reconcilerWith({
      hold: {
        get proof() {
          return hold.proof;
        },
      },
    });
    await round(reconciler, NOW);
    // The controller is stopped here for longer than the lease lasts.
    node.onLook = () => (hold = { proof: null });
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toEqual([]);
  });

  it('no running and no young call, and it forgets a miss when the channel is seen', async () => {
    const reconciler = reconcilerWith();
    store.live = [live, { ...live, interactionId: 'young', startedAt: NOW - 1000 }];
    await round(reconciler, NOW);
    node.channels.add(UUID);
    await round(reconciler, NOW + 1);
    node.channels.delete(UUID);
    await round(reconciler, NOW + 2);
    expect(store.finished).toEqual([]);
  });

  it('a young call as well, once the node was started after it', async () => {
    const reconciler = reconcilerWith();
    store.live = [{ ...live, startedAt: NOW - 5_000 }];
    node.upSince = NOW - 1_000;
    await round(reconciler, NOW);
    await round(reconciler, NOW + 3_000);
    expect(store.finished).toHaveLength(1);
  });

  it('no young call of which the clocks do not tell whether the node was started after it', async () => {
    const reconciler = reconcilerWith();
    store.live = [{ ...live, startedAt: NOW - 2_000 }];
    node.upSince = NOW - 1_000;
    await round(reconciler, NOW);
    await round(reconciler, NOW + 3_000);
    expect(store.finished).toEqual([]);
  });

  it('the B legs that were heard of, ahead of the A leg, and none that told its own end', async () => {
    const reconciler = reconcilerWith();
    store.known = interactionOf({
      connectedAt: NOW - 60_000,
      legs: [legOf('told')],
    });
    store.open = new Map([
      [
        UUID,
        [
          { uuid: 'told', since: NOW - 80_000 },
          { uuid: 'open', since: NOW - 70_000 },
        ],
      ],
      ['another-call', [{ uuid: 'not-ours', since: NOW - 70_000 }]],
    ]);
    await round(reconciler, NOW);
    await round(reconciler, NOW + 15_000);
    expect(store.finished.map(({ leg }) => leg)).toMatchObject([
      {
        uuid: 'open',
        role: 'b',
        party: 'first',
        cause: 'CRASH',
        startedAt: NOW - 70_000,
        answeredAt: NOW - 60_000,
      },
      { uuid: UUID, role: 'a', party: 'second', cause: 'CRASH' },
    ]);
  });

  it('nothing while the node is not connected', async () => {
    node.state = 'waiting';
    const reconciler = reconcilerWith();
    await round(reconciler, NOW);
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toEqual([]);
    expect(sightings.size).toBe(0);
  });

  it('nothing that was missing once before it stopped, and once after it started again', async () => {
    const reconciler = reconcilerWith();
    await round(reconciler, NOW);
    await reconciler.stop();
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toEqual([]);
    await round(reconciler, NOW + 30_000);
    expect(store.finished).toHaveLength(1);
  });

  it('calls under names that the node had before, and none under those of others', async () => {
    const calls = ['node-1', 'before', 'stranger'].map((name) => ({
      ...live,
      node: name,
      interactionId: name,
    }));
    store.live = calls;
    const reconciler = reconcilerWith({ names: () => Promise.resolve(['node-1', 'before']) });
    node.channels.add('node-1');
    await round(reconciler, NOW);
    await round(reconciler, NOW + 15_000);
    expect(store.finished.map(({ address }) => address.node)).toEqual(['before']);
  });

  it('goes on with the next round when a name cannot be had', async () => {
    let failing = true;
    const names = (): Promise<string[]> =>
      failing ? Promise.reject(new Error('no redis')) : Promise.resolve(['node-1']);
    const reconciler = reconcilerWith({ names });
    await round(reconciler, NOW);
    failing = false;
    await round(reconciler, NOW + 15_000);
    expect(store.finished).toEqual([]);
    await round(reconciler, NOW + 30_000);
    expect(store.finished).toHaveLength(1);
  });
});

describe('the end that it writes', () => {
  async function endOf(reconciler: Reconciler, from: number): Promise<LegRecord | undefined> {
    await round(reconciler, from);
    await round(reconciler, from + 15_000);
    expect(store.finished).toHaveLength(1);
    return store.finished[0]?.leg;
  }

  it('is the last round that found the channel, however long the node was away', async () => {
    store.known = interactionOf({ connectedAt: STARTED + 5_000 });
    const reconciler = reconcilerWith();
    node.channels.add(UUID);
    await round(reconciler, NOW);
    node.channels.delete(UUID);
    node.state = 'waiting';
    await round(reconciler, NOW + 15_000);
    node.state = 'up';
    const leg = await endOf(reconciler, NOW + 3_600_000);
    expect(leg).toMatchObject({
      startedAt: STARTED,
      answeredAt: STARTED + 5_000,
      endedAt: NOW,
      party: 'second',
    });
  });

  it('is that round also when another controller made it', async () => {
    node.channels.add(UUID);
    await round(reconcilerWith(), NOW);
    node.channels.delete(UUID);
    expect(await endOf(reconcilerWith(), NOW + 3_600_000)).toMatchObject({ endedAt: NOW });
  });

  it('does not trust a round that failed on its way', async () => {
    const reconciler = reconcilerWith();
    node.channels.add(UUID);
    await round(reconciler, NOW);
    node.failure = new Error('no answer');
    await round(reconciler, NOW + 15_000);
    node.failure = null;
    node.channels.delete(UUID);
    expect(await endOf(reconciler, NOW + 30_000)).toMatchObject({ endedAt: NOW });
  });

  it('is its answer when no round found it since, and its start when it was never answered', async () => {
    sightings.set('node-1', STARTED - 60_000);
    store.known = interactionOf({ connectedAt: STARTED + 5_000 });
    expect(await endOf(reconcilerWith(), NOW)).toMatchObject({ endedAt: STARTED + 5_000 });
    store.finished.length = 0;
    store.known = null;
    sightings.clear();
    expect(await endOf(reconcilerWith(), NOW)).toMatchObject({ endedAt: STARTED, answeredAt: null });
  });

  it('is not a round that passed it over as too young', async () => {
    store.live = [
      { ...live, startedAt: NOW - 5_000 },
      { ...live, interactionId: 'other' },
    ];
    node.channels.add('other');
    const reconciler = reconcilerWith();
    await round(reconciler, NOW);
    expect(sightings.get('node-1')).toBe(NOW);
    expect(await endOf(reconciler, NOW + 15_000)).toMatchObject({ endedAt: NOW - 5_000 });
  });

  it('is not before the end of a leg that was told of', async () => {
    sightings.set('node-1', NOW - 20_000);
    const told: LegRecord = {
      uuid: 'leg-b',
      role: 'b',
      party: 'first',
      startedAt: STARTED,
      ringingAt: null,
      answeredAt: STARTED + 5_000,
      bridgedAt: STARTED + 5_000,
      endedAt: NOW - 8_000,
      cause: 'NORMAL_CLEARING',
      sipStatus: null,
      endedBy: 'b',
      trunk: 'main',
    };
    store.known = interactionOf({ connectedAt: STARTED + 5_000, legs: [told] });
    expect(await endOf(reconcilerWith(), NOW)).toMatchObject({ endedAt: NOW - 8_000 });
  });

  it('is not after its claim', async () => {
    store.live = [{ ...live, claimUntil: NOW - 30_000 }];
    sightings.set('node-1', NOW - 10_000);
    expect(await endOf(reconcilerWith(), NOW)).toMatchObject({ endedAt: NOW - 30_000 });
  });
});

describe('a node that died', () => {
  it('ends its calls when it was lost, young ones too, not when they were last seen', async () => {
    const reconciler = reconcilerWith();
    const young = { ...live, interactionId: 'young', startedAt: NOW + 8_000 };
    store.live = [live, young];
    node.channels.add(UUID);
    await round(reconciler, NOW);
    await reconciler.lost(NOW + 12_000);
    node.channels.clear();
    node.upSince = NOW + 20_000;
    await round(reconciler, NOW + 25_000);
    await round(reconciler, NOW + 28_000);
    expect(store.finished.map(({ leg }) => [leg.uuid, leg.endedAt])).toEqual([
      [UUID, NOW + 12_000],
      ['young', NOW + 12_000],
    ]);
  });

  it('does not prolong a call that was missing before', async () => {
    const reconciler = reconcilerWith();
    sightings.set('node-1', NOW - 30_000);
    await round(reconciler, NOW);
    await reconciler.lost(NOW + 12_000);
    await round(reconciler, NOW + 25_000);
    expect(store.finished.map(({ leg }) => leg.endedAt)).toEqual([NOW - 30_000]);
  });

  it('is no defect when the loss cannot be noted', async () => {
    const reconciler = reconcilerWith({
      sightings: {
        lastSeen: () => Promise.resolve(null),
        confirm: () => Promise.resolve(),
        noteSeen: () => Promise.reject(new Error('no redis')),
      },
    });
    await expect(reconciler.lost(NOW)).resolves.toBeUndefined();
  });
});

describe('a node that died and does not come back', () => {
  const GONE_MS = 40;
  const DIED = NOW + 12_000;

  /** A reconciler of a node that died, with what is known of it. */
  function watching(changes: Partial<ReconcilerOptions> = {}): Reconciler {
    node.state = 'waiting';
    return reconcilerWith({ goneMs: GONE_MS, knownNames: () => Promise.resolve(['node-1']), ...changes });
  }

  /** Connections are refused for as long as it takes. */
  async function refuse(reconciler: Reconciler): Promise<void> {
    await reconciler.down(true);
    await sleep(GONE_MS + 20);
    await reconciler.down(true);
  }

  beforeEach(() => void sightings.set('node-1', DIED));

  it('has no calls any more once its host has refused connections for a while: they end when it died', async () => {
    const reconciler = watching();
    store.live = [live, { ...live, interactionId: 'young', startedAt: DIED - 500 }];
    await reconciler.down(true);
    expect(store.finished).toEqual([]);
    await refuse(reconciler);
    expect(store.finished.map(({ leg }) => [leg.uuid, leg.cause, leg.endedAt])).toEqual([
      [UUID, 'CRASH', DIED],
      ['young', 'CRASH', DIED],
    ]);
  });

  it('keeps its calls while its host does not answer at all, also between two refusals', async () => {
    const reconciler = watching();
    await reconciler.down(true);
    await reconciler.down(false);
    await sleep(GONE_MS + 20);
    await reconciler.down(true);
    expect(store.finished).toEqual([]);
  });

  it('keeps calls that began after its death: they run on a node that has its name now', async () => {
    const reconciler = watching();
    store.live = [{ ...live, startedAt: DIED + 2_500 }];
    await refuse(reconciler);
    expect(store.finished).toEqual([]);
  });

  it('keeps its calls when nobody saw when it died', async () => {
    sightings.clear();
    await refuse(watching());
    expect(store.finished).toEqual([]);
  });

  it('keeps calls under names that are not its own any more', async () => {
    await refuse(watching({ knownNames: () => Promise.resolve(['another']) }));
    expect(store.finished).toEqual([]);
  });

  it('keeps a call whose record waits to be taken', async () => {
    await refuse(watching({ recordWaits: () => Promise.resolve(true) }));
    expect(store.finished).toEqual([]);
  });

  it('does not prolong a call that was missing before it died', async () => {
    const reconciler = watching();
    node.state = 'up';
    sightings.set('node-1', NOW - 30_000);
    await round(reconciler, NOW);
    node.state = 'waiting';
    await reconciler.lost(DIED);
    await refuse(reconciler);
    expect(store.finished.map(({ leg }) => leg.endedAt)).toEqual([NOW - 30_000]);
  });

  it.each([
    { how: 'by its own clock', lose: () => void (hold = { proof: null }) },
    { how: 'because its next holder was there', lose: () => void (sightings.lost = true) },
  ])('keeps its calls once the lease is lost, $how', async ({ lose }) => {
    hold = HELD;
    const reconciler = watching({
      hold: {
        get proof() {
          return hold.proof;
        },
      },
    });
    lose();
    await refuse(reconciler);
    expect(store.finished).toEqual([]);
  });

  it('counts anew after it was there, and after it was let go', async () => {
    const reconciler = watching();
    await reconciler.down(true);
    await sleep(GONE_MS + 20);
    reconciler.start();
    await reconciler.stop();
    await reconciler.down(true);
    expect(store.finished).toEqual([]);
  });
});
