import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../helpers/until.js';
import { laneNumbers } from '../../helpers/lane-numbers.js';
import { everyCallIsWritten, nothingIsLeft, theCallOf } from './books.js';
import { Carrier, createSession, introduce, type Pair, type Placed } from './carrier.js';
import { Installation, type Beginning, type Member, type Trunk } from './installation.js';

/** Calls a second over all nodes. */
const RATE = 5;
/** Enough that a pair rests for seconds between two of its calls: their records are written meanwhile. */
const PAIRS = 40;
/** Calls that end between two steps. */
const SOME = 15;
/** Lanes of those whom we call, apart from the pairs'. */
const CALLED_FROM = 500;
/** Two attempts at a connection, ten seconds, and a busy machine; a call's own limits are hours. */
const GONE_WITHIN_MS = 45_000;

let installation: Installation;
let called: number;
const opened: Installation[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
}, 60_000);

async function under(
  beginning: Beginning,
  steps: (carrier: Carrier) => Promise<void>,
): Promise<{ placed: readonly Placed[]; pairs: readonly Pair[] }> {
  installation = await Installation.start(beginning);
  opened.push(installation);
  called = CALLED_FROM;
  const pairs = await introduce(installation, PAIRS);
  const carrier = new Carrier(installation.members, pairs);
  carrier.start(RATE);
  try {
    await carrier.ended(SOME);
    await steps(carrier);
    await carrier.ended(SOME);
  } finally {
    await carrier.stop();
  }
  return { placed: carrier.placed, pairs };
}

/** Has a first party called whose number prefers a trunk: the node that called, and the trunk. */
async function callFirst(trunk: Trunk): Promise<{ node: string; trunk: string | undefined }> {
  const lane = laneNumbers(called);
  called += 1;
  for (const { freeswitch } of installation.members) {
    freeswitch.phones.behave(lane.first, { kind: 'answer', afterMs: 100, talkMs: 3_000 });
  }
  const { stack } = installation;
  const added = await stack.api('POST', '/Number/', { number: lane.did, trunk });
  expect(added.status).toBe(201);
  const id = await createSession(stack, lane, { initiate_call_to_first_party: true });
  const { node, connectedAt, legs } = await theCallOf(installation, id);
  expect(connectedAt).not.toBeNull();
  return { node, trunk: legs.find(({ role }) => role === 'a')?.trunk };
}

/**
 * A first party is called by the node that has the trunk of its number. Another node may place a call that has waited for
 * 2 s, which on a busy machine, and where a node has just come, is soon: so one of some.
 */
async function isCalledBy(node: string, trunk: Trunk): Promise<void> {
  await until(
    `${node} calls a first party over ${trunk}`,
    async () => {
      const by = await callFirst(trunk);
      return by.node === node && by.trunk === trunk;
    },
    60_000,
  );
}

/** How calls ended, each way once. */
function endsOf(placed: readonly Placed[]): Placed['end'][] {
  return [...new Set(placed.map(({ end }) => end))].toSorted();
}

function nodesOf(placed: readonly Placed[]): string[] {
  return [...new Set(placed.map(({ member }) => member.name))].toSorted();
}

describe('while calls come in on all nodes', { timeout: 240_000 }, () => {
  it('a node drains and is taken off the list, and no call is lost or refused', async () => {
    const { placed, pairs } = await under(
      { nodes: [['north'], ['south']], controllers: 2 },
      async (carrier) => {
        await isCalledBy('node-2', 'south');
        const [one, two] = installation.members as [Member, Member];
        // The carrier knows nothing of it: what is refused with 503 comes to its next address.
        const before = carrier.placed.length;
        await installation.drain(two);
        await carrier.ended(SOME);
        expect(await callFirst('south')).toEqual({ node: 'node-1', trunk: 'north' });
        installation.listed = [one];
        expect(await installation.rollControllers()).toEqual([0, 0]);
        const after = carrier.placed.length;
        expect(nodesOf(carrier.placed.slice(0, before))).toEqual(['node-1', 'node-2']);
        await carrier.ended(SOME);
        expect(nodesOf(carrier.placed.slice(after))).toEqual(['node-1']);
        expect(await callFirst('south')).toEqual({ node: 'node-1', trunk: 'north' });
      },
    );
    expect(endsOf(placed)).toEqual(['kept']);
    await everyCallIsWritten(installation, placed);
    await nothingIsLeft(installation, pairs);
  });

  it('a node dies for good: only its calls are lost, and their people can call again', async () => {
    const { placed, pairs } = await under(
      { nodes: [['north'], ['south']], controllers: 2 },
      async (carrier) => {
        const [one, two] = installation.members as [Member, Member];
        await until('it has calls', () => two.freeswitch.channels.length >= 4);
        await carrier.kill(two);
        // Nor is a controller taken for unready that has a node without a FreeSWITCH.
        for (const { url } of installation.stack.controllers) {
          expect((await fetch(`${url}/readyz`)).status).toBe(200);
        }
        expect(await callFirst('south')).toEqual({ node: 'node-1', trunk: 'north' });
        const lost = carrier.placed.filter(({ end }) => end === 'died');
        expect(lost.length).toBeGreaterThan(0);
        carrier.placed.push(...(await callAgain(lost, one)));
        installation.listed = [one];
        expect(await installation.rollControllers()).toEqual([0, 0]);
        expect(await callFirst('north')).toEqual({ node: 'node-1', trunk: 'north' });
      },
    );
    expect(endsOf(placed)).toEqual(['died', 'kept']);
    expect(nodesOf(placed.filter(({ end }) => end === 'died'))).toEqual(['node-2']);
    await everyCallIsWritten(installation, placed);
    await nothingIsLeft(installation, pairs);
  });

  it('a node joins: controllers get the new list one after the other, then carriers its address', async () => {
    const { placed, pairs } = await under({ nodes: [['north']], controllers: 2 }, async (carrier) => {
      // With a trunk that is nowhere yet, a call is placed by what there is.
      expect(await callFirst('south')).toEqual({ node: 'node-1', trunk: 'north' });
      await installation.addNode(['south'], installation.running);
      installation.listed = installation.members;
      expect(await installation.rollControllers()).toEqual([0, 0]);
      const before = carrier.placed.length;
      carrier.nodes = installation.members;
      await carrier.ended(2 * SOME);
      expect(nodesOf(carrier.placed.slice(before))).toEqual(['node-1', 'node-2']);
      for (let count = 0; count < 3; count += 1) {
        await isCalledBy('node-2', 'south');
        await isCalledBy('node-1', 'north');
      }
    });
    expect(endsOf(placed)).toEqual(['kept']);
    await everyCallIsWritten(installation, placed);
    await nothingIsLeft(installation, pairs);
  });

  it('controllers that hold few nodes get some of those that hold many, and no call is lost or refused', async () => {
    const beginning: Beginning = {
      nodes: [['north'], ['north'], ['south'], ['south']],
      controllers: 1,
      toCome: 1,
    };
    const { placed, pairs } = await under(beginning, async (carrier) => {
      expect(await installation.holdings()).toEqual([4]);
      await installation.startController(1);
      for (const member of installation.members) await installation.tellWhomToAsk(member, [0, 1]);
      await until(
        'each has half of them',
        async () => (await installation.holdings()).join() === '2,2',
        60_000,
      );
      await carrier.ended(SOME);
      // One that was restarted has none, and gets its half again.
      expect(await installation.endController(0)).toBe(0);
      await installation.startController(0);
      await until(
        'each has half again',
        async () => (await installation.holdings()).join() === '2,2',
        60_000,
      );
      await carrier.ended(SOME);
      expect(await installation.holdings()).toEqual([2, 2]);
    });
    expect(endsOf(placed)).toEqual(['kept']);
    expect(nodesOf(placed)).toEqual(['node-1', 'node-2', 'node-3', 'node-4']);
    await everyCallIsWritten(installation, placed);
    await nothingIsLeft(installation, pairs);
  });

  it('a controller joins and another leaves, and nodes ask the new one without a restart', async () => {
    const beginning: Beginning = { nodes: [['north'], ['south']], controllers: 2, toCome: 1 };
    const { placed, pairs } = await under(beginning, async (carrier) => {
      await installation.startController(2);
      for (const member of installation.members) await installation.tellWhomToAsk(member, [1, 2]);
      await carrier.ended(SOME);
      expect(await installation.endController(0)).toBe(0);
      await carrier.ended(SOME);
      // The one that came answers alone, and has both nodes.
      expect(await installation.endController(1)).toBe(0);
      await carrier.ended(2 * SOME);
      expect(installation.running).toEqual([2]);
      await isCalledBy('node-2', 'south');
      await isCalledBy('node-1', 'north');
    });
    expect(endsOf(placed)).toEqual(['kept']);
    await everyCallIsWritten(installation, placed);
    await nothingIsLeft(installation, pairs);
  });
});

/** Everybody whose call died calls again at another node: busy at first, and through in the end. */
async function callAgain(lost: readonly Placed[], member: Member): Promise<Placed[]> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  const again: Placed[] = [];
  let crashed = 0;
  for (const { pair, uuid } of lost) {
    for (;;) {
      const call = member.freeswitch.place({ from: pair.first, to: pair.did });
      if (await call.answered) {
        await sleep(200);
        call.hangup();
        again.push({ pair, member, uuid: call.uuid, end: 'kept' });
        break;
      }
      expect((await call.ended).status).toBe(486);
      if (performance.now() > deadline) throw new Error('the session of a call that died is still taken');
      await sleep(500);
    }
    // One that died before a controller was asked has none.
    const left = (await installation.store.interactions(pair.sessionId)).find(({ id }) => id === uuid);
    if (left === undefined) continue;
    expect(left).toMatchObject({ node: 'node-2', stage: 'ended' });
    // Who hung up in that very moment may have been heard.
    if (left.cause === 'CRASH') crashed += 1;
  }
  expect(crashed).toBeGreaterThan(0);
  return again;
}
