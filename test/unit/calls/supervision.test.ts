import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FirstPartyDialer } from '../../../src/calls/first-party-dialer.js';
import type { NodeCommands } from '../../../src/calls/node-commands.js';
import type { NodeLink } from '../../../src/calls/node-link.js';
import type { OriginationJob } from '../../../src/calls/ports.js';
import type { Reconciler } from '../../../src/calls/reconciler.js';
import type { NodeHold } from '../../../src/lease-holder.js';
import { NO_TRACER } from '../../../src/calls/call-trace.js';
import { CallRecords } from '../../../src/calls/records.js';
import { NodeLease } from '../../../src/calls/node-lease.js';
import { NodeSupervisor } from '../../../src/calls/supervisor.js';
import { OriginateError } from '../../../src/freeswitch/errors.js';
import type { LegRecord } from '../../../src/masking/interaction.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { FakeCallStore } from '../../helpers/fake-call-store.js';
import { FakeClaimPorts } from '../../helpers/fake-claims.js';
import { HELD } from '../../helpers/hold.js';
import { aNumber, aSession, DID, NOW } from '../../helpers/sessions.js';

const UUID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';
const OTHER_UUID = 'a3c1d9f2-1c1b-4f43-8f2e-2f6f1f0d7b22';
const log = createLogger({ level: 'silent' });

class FakeNode extends EventEmitter implements NodeLink {
  state: NodeLink['state'] = 'up';
  upSince = 0;
  name = 'node-1';
  draining = false;
  started = 0;
  stopped = 0;
  channels = new Set<string>();
  readonly originated: string[] = [];
  originateErrors: Error[] = [];
  start(): void {
    this.started += 1;
  }
  stop(): Promise<void> {
    this.stopped += 1;
    return Promise.resolve();
  }
  originate(call: string): Promise<void> {
    this.originated.push(call);
    const error = this.originateErrors.shift();
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }
  hangup(uuid: string): Promise<boolean> {
    return Promise.resolve(this.channels.delete(uuid));
  }
  /** Trunks that the node has. */
  gateways: readonly string[] = [];
  gateway(name: string): Promise<{ state: 'up'; pingMs: null } | null> {
    return Promise.resolve(this.gateways.includes(name) ? { state: 'up', pingMs: null } : null);
  }
  exists(uuid: string): Promise<boolean> {
    return Promise.resolve(this.channels.has(uuid));
  }
}

const session = aSession({ settings: { initiateCallToFirstParty: true } });
const address = { node: 'node-1', number: DID, sessionId: session.id, interactionId: UUID };
const leg: LegRecord = {
  uuid: UUID,
  role: 'a',
  party: 'first',
  startedAt: NOW,
  ringingAt: null,
  answeredAt: null,
  bridgedAt: null,
  endedAt: NOW + 900,
  cause: 'USER_BUSY',
  sipStatus: 486,
  endedBy: 'a',
  trunk: '',
};

let store: FakeCallStore;
let records: CallRecords;
let node: FakeNode;

beforeEach(() => {
  vi.useFakeTimers();
  store = new FakeCallStore();
  records = new CallRecords({ store, log });
  node = new FakeNode();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('records', () => {
  it('write a leg, and pass on that the store failed', async () => {
    await records.ended({ address, leg, note: '' });
    expect(store.finished).toEqual([{ address, leg }]);
    store.failure = new Error('no redis');
    const other = { ...leg, uuid: OTHER_UUID };
    await expect(records.ended({ address, leg: other, note: '' })).rejects.toThrow('no redis');
  });

  it('ask the store once for a leg that is told of twice, at once or one after the other', async () => {
    await Promise.all([
      records.ended({ address, leg, note: '' }),
      records.ended({ address, leg, note: '' }),
      records.ended({ address, leg: { ...leg, uuid: OTHER_UUID }, note: '' }),
    ]);
    await records.ended({ address, leg, note: '' });
    expect(store.finished.map(({ leg: { uuid } }) => uuid)).toEqual([UUID, OTHER_UUID]);
    expect(records.isWritten(UUID)).toBe(true);
  });

  it('ask again when the write that was waited for failed, for whoever told of the leg', async () => {
    store.failure = new Error('no redis');
    const told = [records.ended({ address, leg, note: '' }), records.ended({ address, leg, note: '' })];
    const settled = await Promise.allSettled(told);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(records.isWritten(UUID)).toBe(false);
    store.failure = null;
    await records.ended({ address, leg, note: '' });
    expect(store.finished).toEqual([{ address, leg }]);
  });

  it('ask again about a leg that was written before: what belongs to it may be missing', async () => {
    store.writes = false;
    await records.ended({ address, leg, note: '' });
    await records.ended({ address, leg, note: '' });
    expect(store.finished).toHaveLength(2);
    expect(records.isWritten(UUID)).toBe(false);
  });

  it('enter what the leg carries ahead of its end, and write one that carries nothing readable', async () => {
    await records.ended({ address, leg, note: 'sealed' });
    expect(store.entered).toEqual([{ address, note: 'sealed' }]);
    expect(store.finished).toEqual([{ address, leg }]);
    store.readsNotes = false;
    await records.ended({ address, leg: { ...leg, uuid: OTHER_UUID }, note: 'noise' });
    expect(store.finished).toHaveLength(2);
  });

  it('do not end a call whose beginning could not be entered: the record comes again', async () => {
    store.failure = new Error('no redis');
    await expect(records.ended({ address, leg, note: 'sealed' })).rejects.toThrow('no redis');
    expect(store.finished).toEqual([]);
  });

  it('leave an attempt at a first party whose trunk failed to whoever dials it', async () => {
    const attempt = { ...leg, trunk: 'main', cause: 'NORMAL_TEMPORARY_FAILURE' };
    await records.ended({ address, leg: attempt, note: '' });
    expect(store.finished).toEqual([]);
    expect(records.takeAttempt(UUID)).toEqual(attempt);
    expect(records.takeAttempt(UUID)).toBeUndefined();
  });

  it('write a first party that was busy, whoever dialled it', async () => {
    const busy = { ...leg, trunk: 'main' };
    await records.ended({ address, leg: busy, note: '' });
    expect(store.finished).toEqual([{ address, leg: busy }]);
  });

  it('write a leg without marks when a question about it had claimed a session', async () => {
    const unmarked = {
      node: 'node-1',
      uuid: UUID,
      ledTo: 'prompt',
      note: '',
      record: () => leg,
    };
    await records.endedUnmarked(unmarked);
    expect(store.finished).toEqual([]);
    store.live = [{ ...address, accountId: session.accountId, startedAt: NOW, claimUntil: NOW + 1 }];
    await records.endedUnmarked(unmarked);
    expect(store.finished).toMatchObject([
      { address: { sessionId: session.id }, leg: { cause: 'USER_BUSY' } },
    ]);
  });

  it('note stages of the B leg only', async () => {
    const moment = { address, uuid: UUID, party: 'second' as const, at: NOW };
    await records.progressed('leg-ringing', { ...moment, role: 'a' });
    await records.progressed('leg-ringing', { ...moment, role: 'b' });
    await records.progressed('leg-answered', { ...moment, role: 'b' });
    await records.progressed('leg-bridged', { ...moment, role: 'a' });
    expect(store.stages).toEqual(['ringing', 'whispering', 'connected']);
  });

  it('note together what is heard of one call in one breath, in its order', async () => {
    const moment = { address, uuid: UUID, party: 'second' as const, at: NOW };
    const other = { ...moment, address: { ...address, interactionId: OTHER_UUID } };
    await Promise.all([
      records.progressed('leg-answered', { ...moment, role: 'b' }),
      records.progressed('leg-answered', { ...moment, role: 'a' }),
      records.progressed('leg-answered', { ...other, role: 'a' }),
      records.progressed('leg-bridged', { ...moment, role: 'a' }),
    ]);
    expect(store.heard).toEqual([3, 1]);
    expect(store.stages).toEqual(['whispering', 'connected']);
  });
});

describe('the dialer of first parties', () => {
  const job: OriginationJob = { sessionId: session.id, number: DID, interactionId: UUID };

  let hold: NodeHold;
  let lost: boolean;
  let hasOthers: boolean;
  /** Age of the session, milliseconds. */
  let age: number;
  let givenBack: { job: OriginationJob; at: number }[];

  beforeEach(() => {
    vi.useRealTimers();
    hold = HELD;
    lost = false;
    hasOthers = false;
    age = 60_000;
    givenBack = [];
  });

  async function dial(
    jobs = [job],
    tooOld: OriginationJob[] = [],
    ports = new FakeClaimPorts(),
  ): Promise<OriginationJob[]> {
    const done: OriginationJob[] = [];
    const dialer = new FirstPartyDialer({
      node,
      hold,
      source: {
        claim: () => Promise.resolve({ job: jobs.shift() ?? null, dropped: tooOld.splice(0) }),
        confirm: () => (lost ? Promise.reject(new Error('lost')) : Promise.resolve()),
        done: (finished) => {
          done.push(finished);
          return Promise.resolve();
        },
        giveBack: (left, at) => {
          givenBack.push({ job: left, at });
          return Promise.resolve();
        },
      },
      store,
      claims: ports.claimsOn(store),
      sessions: { get: () => Promise.resolve({ session: { ...session, createdAt: NOW - age } }) },
      numbers: { get: () => Promise.resolve(aNumber({ trunk: 'spare' })) },
      records,
      tracer: NO_TRACER,
      trunks: ['main'],
      hasOthers,
      now: () => NOW,
      log,
    });
    dialer.start();
    // Long enough for the job and the grace for its record; a job that is kept never shows up as done.
    await sleep(900);
    await dialer.stop();
    return done;
  }

  it('claims the session, dials the number’s trunk first, and is done', async () => {
    expect(await dial()).toEqual([job]);
    expect(store.begun).toMatchObject([{ id: UUID, caller: 'first', node: 'node-1' }]);
    expect(node.originated).toHaveLength(1);
    expect(node.originated[0]).toMatch(/origination_uuid=7f1e4b7e.*gateway\/spare\//);
  });

  it('leaves a job for later while a limit is reached, and drops it when a number may not be called', async () => {
    const ports = new FakeClaimPorts();
    ports.admission = { limit: 'CALL_RATE_PER_SUBACCOUNT' };
    expect(await dial([job], [], ports)).toEqual([]);
    ports.problems.set(session.secondParty ?? '', 'premium-rate');
    expect(await dial([job], [], ports)).toEqual([job]);
    expect(node.originated).toEqual([]);
    expect(ports.noted.map(({ parameter }) => parameter)).toEqual([
      'CALL_RATE_PER_SUBACCOUNT',
      'second_party',
    ]);
  });

  it('tries the next trunk after a fault of the first, with the same UUID', async () => {
    node.originateErrors = [new OriginateError('NORMAL_TEMPORARY_FAILURE')];
    expect(await dial()).toEqual([job]);
    expect(node.originated.map((call) => /gateway\/(\w+)\//.exec(call)?.[1])).toEqual(['spare', 'main']);
    expect(store.finished).toEqual([]);
  });

  const trunksOf = (calls: readonly string[]): (string | undefined)[] =>
    calls.map((call) => /gateway\/(\w+)\//.exec(call)?.[1]);

  it('leaves a call to other nodes when this one has none of its trunks, and claims nothing', async () => {
    hasOthers = true;
    node.gateways = ['another'];
    expect(await dial()).toEqual([]);
    expect(node.originated).toEqual([]);
    expect(store.begun).toEqual([]);
    expect(givenBack).toEqual([{ job, at: expect.any(Number) as number }]);
    expect(givenBack[0]!.at).toBeGreaterThan(NOW);
  });

  it('leaves a young call to a node with the trunk that comes first, and places an older one itself', async () => {
    hasOthers = true;
    node.gateways = ['main'];
    age = 0;
    expect(await dial()).toEqual([]);
    expect(givenBack).toHaveLength(1);
    age = 2_000;
    expect(await dial()).toEqual([job]);
    expect(trunksOf(node.originated)).toEqual(['main']);
    expect(givenBack).toHaveLength(1);
  });

  it('places a call at once on a node that has its first trunk', async () => {
    hasOthers = true;
    node.gateways = ['spare'];
    age = 0;
    expect(await dial()).toEqual([job]);
    expect(trunksOf(node.originated)).toEqual(['spare']);
  });

  it('leaves nothing to others when there is no other node: what stands in the way is in the record', async () => {
    node.originateErrors = ['INVALID_GATEWAY', 'INVALID_GATEWAY'].map((cause) => new OriginateError(cause));
    expect(await dial()).toEqual([job]);
    expect(trunksOf(node.originated)).toEqual(['spare', 'main']);
    expect(store.finished).toMatchObject([{ leg: { cause: 'INVALID_GATEWAY' } }]);
  });

  it('waits until FreeSWITCH has let go of the UUID of the first attempt', async () => {
    const [refused, taken] = ['NORMAL_TEMPORARY_FAILURE', 'DESTINATION_OUT_OF_ORDER'];
    node.originateErrors = [refused, taken, taken].map((cause) => new OriginateError(cause));
    expect(await dial()).toEqual([job]);
    expect(node.originated.map((call) => /gateway\/(\w+)\//.exec(call)?.[1])).toEqual([
      ...['spare', 'main', 'main', 'main'],
    ]);
    expect(store.finished).toEqual([]);
  });

  it('does not wait for a UUID that nobody else had', async () => {
    node.originateErrors = ['DESTINATION_OUT_OF_ORDER'].map((cause) => new OriginateError(cause));
    expect(await dial()).toEqual([job]);
    expect(node.originated.map((call) => /gateway\/(\w+)\//.exec(call)?.[1])).toEqual(['spare', 'main']);
  });

  it('ends the interaction with the cause when nobody was reached', async () => {
    node.originateErrors = [new OriginateError('NO_ANSWER')];
    expect(await dial()).toEqual([job]);
    expect(node.originated).toHaveLength(1);
    expect(store.finished).toMatchObject([{ leg: { role: 'a', cause: 'NO_ANSWER', answeredAt: null } }]);
  });

  it('leaves the end of a call that failed to the next holder of the node, who may be dialling it', async () => {
    node.originateErrors = [new OriginateError('NO_ANSWER')];
    lost = true;
    expect(await dial()).toEqual([]);
    expect(store.finished).toEqual([]);
  });

  it('claims no session once the lease is lost', async () => {
    let left = 1;
    hold = {
      get proof() {
        left -= 1;
        return left < 0 ? null : HELD.proof;
      },
    };
    expect(await dial()).toEqual([]);
    expect(store.begun).toEqual([]);
    expect(node.originated).toEqual([]);
  });

  it('places nothing on a node that drains', async () => {
    node.draining = true;
    expect(await dial()).toEqual([]);
    expect(store.begun).toEqual([]);
  });

  const known = { id: UUID, node: 'node-1', stage: 'dialing', startedAt: NOW - 20_000 };

  it('does not dial again what was dialled before a crash', async () => {
    store.known = known as never;
    node.channels.add(UUID);
    expect(await dial()).toEqual([job]);
    store.known = { ...known, stage: 'ended' } as never;
    node.channels.clear();
    expect(await dial()).toEqual([job]);
    expect(node.originated).toEqual([]);
  });

  it('dials what was claimed and not dialled before a crash', async () => {
    store.known = known as never;
    expect(await dial()).toEqual([job]);
    expect(node.originated).toHaveLength(1);
    expect(store.begun).toMatchObject([{ startedAt: NOW - 20_000 }]);
  });

  it('leaves what another node has in hand', async () => {
    store.known = { ...known, node: 'node-2' } as never;
    expect(await dial()).toEqual([]);
    expect(node.originated).toEqual([]);
  });

  it('shows a job that grew too old as a call that failed', async () => {
    await dial([], [job]);
    expect(node.originated).toEqual([]);
    expect(store.finished).toMatchObject([
      { address: { sessionId: session.id }, leg: { cause: 'NORMAL_TEMPORARY_FAILURE', trunk: '' } },
    ]);
  });

  it('does not dial into a session that is in a call', async () => {
    store.beginResult = 'busy';
    expect(await dial()).toEqual([job]);
    expect(node.originated).toEqual([]);
  });

  it('keeps the job when the store fails', async () => {
    store.failure = new Error('no redis');
    expect(await dial()).toEqual([]);
    expect(node.originated).toEqual([]);
  });
});

describe('a supervisor', () => {
  const idle = { start: vi.fn(), stop: () => Promise.resolve() } as unknown as FirstPartyDialer &
    Reconciler &
    NodeCommands;

  it('starts nothing when the node comes up while it is being let go', async () => {
    const start = vi.spyOn(idle, 'start');
    start.mockClear();
    const leases = {
      acquire: () => Promise.resolve({ fence: 1 }),
      renew: () => Promise.resolve(true),
      release: () => Promise.resolve(true),
      lapsesIn: () => Promise.resolve(0),
      pass: () => Promise.resolve(true),
    };
    const lease = new NodeLease({ endpoint: '127.0.0.1:8021', controllerId: 'one', leases, log });
    const watched = new NodeSupervisor({
      ...{ lease, node, records, log },
      ...{ dialer: idle, commands: idle, reconciler: idle },
    });
    expect(watched.state).toBe('standby');
    watched.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(node.started).toBe(1);
    expect(watched.state).toBe('up');
    node.emit('up', 'node-1');
    expect(start).toHaveBeenCalledTimes(3);
    const stopped = watched.stop();
    await vi.advanceTimersByTimeAsync(1);
    node.emit('up', 'node-1');
    await stopped;
    expect(start).toHaveBeenCalledTimes(3);
    expect(node.stopped).toBe(1);
  });

  it('tells the reconciler of connections that were refused, as long as it has the node', () => {
    const told: boolean[] = [];
    const reconciler = { down: (refused: boolean) => void told.push(refused) } as unknown as Reconciler;
    const lease = { proof: HELD.proof };
    const others = { node, records, log, dialer: idle, commands: idle };
    new NodeSupervisor({ ...others, lease: lease as unknown as NodeLease, reconciler });
    node.emit('down', undefined, true);
    node.emit('down', undefined, false);
    lease.proof = null;
    node.emit('down', undefined, true);
    expect(told).toEqual([true, false]);
  });
});
