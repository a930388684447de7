import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { Interaction } from '../../../src/masking/interaction.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import { LIMITS_KEY, liveKey, liveLegsKey, numberKey } from '../../../src/store/keys.js';
import { until } from '../../helpers/until.js';
import type { Pair, Placed } from './carrier.js';
import type { Installation, Member } from './installation.js';

/** Records of the last calls, on a busy machine. */
const WRITTEN_MS = 40_000;

/** What is to be seen of a call in its interaction. */
interface Entry {
  readonly id: string;
  readonly node: string;
  readonly stage: string;
  readonly connected: boolean;
  readonly cause: string;
  readonly legs: string;
  /** Of the B leg. */
  readonly trunk: string;
}

/** Every call that was kept has exactly one interaction, complete, on its node and out by a trunk of that node. */
export async function everyCallIsWritten(
  installation: Installation,
  placed: readonly Placed[],
): Promise<void> {
  for (const pair of new Set(placed.map((call) => call.pair))) {
    const calls = placed.filter((call) => call.pair === pair);
    const kept = calls.filter(({ end }) => end === 'kept');
    const wanted = kept.map(({ uuid, member }) => entryOf(uuid, member));
    const died = new Set(calls.filter(({ end }) => end === 'died').map(({ uuid }) => uuid));
    let seen: Entry[] = [];
    const written = async (): Promise<boolean> => {
      const all = await installation.store.interactions(pair.sessionId);
      seen = all.filter(({ id }) => !died.has(id)).map((interaction) => entryIn(interaction, installation));
      return JSON.stringify(seen.toSorted(byId)) === JSON.stringify(wanted.toSorted(byId));
    };
    await until('the records are complete', written, WRITTEN_MS).catch(() => {
      expect(seen.toSorted(byId)).toEqual(wanted.toSorted(byId));
    });
  }
}

/** No call is counted any more, anywhere, and no CDR waits. */
export async function nothingIsLeft(installation: Installation, pairs: readonly Pair[]): Promise<void> {
  const { stack, members } = installation;
  const redis = new Redis(stack.redis.url);
  try {
    let left: unknown;
    const isEmpty = async (): Promise<boolean> => {
      const { body } = await stack.api('GET', '/Call/?status=live');
      const live = (body as { calls: readonly string[] }).calls;
      const onNodes = await counted(members, async ({ name }) => [
        name,
        (await redis.hlen(liveKey(name))) + (await redis.hlen(liveLegsKey(name))),
      ]);
      const onNumbers = await counted(pairs, async ({ did }) => [
        did,
        await redis.zcard(`${numberKey(did as E164)}:running`),
      ]);
      const admitted = await redis.hgetall(`${LIMITS_KEY}:running`);
      const cdrs = await installation.waitingCdrs();
      left = { live, onNodes, onNumbers, admitted, cdrs };
      const nothing = { live: [], onNodes: {}, onNumbers: {}, admitted: {}, cdrs: [] };
      return JSON.stringify(left) === JSON.stringify(nothing);
    };
    await until('no call is counted', isEmpty, WRITTEN_MS).catch(() => {
      expect(left).toBe('nothing');
    });
    expect(installation.complaints).toEqual([]);
  } finally {
    redis.disconnect();
  }
}

/** What is not zero, by name. */
async function counted<Thing>(
  things: readonly Thing[],
  count: (thing: Thing) => Promise<[name: string, count: number]>,
): Promise<Readonly<Record<string, number>>> {
  const all = await Promise.all(things.map(count));
  return Object.fromEntries(all.filter(([, each]) => each > 0));
}

/** The one interaction of a session, once it has ended. */
export async function theCallOf({ store }: Installation, sessionId: string): Promise<Interaction> {
  let found: readonly Interaction[] = [];
  await until(
    'the call has ended',
    async () => {
      found = await store.interactions(sessionId);
      return found.length > 0 && found.every(({ stage, legs }) => stage === 'ended' && legs.length >= 2);
    },
    WRITTEN_MS,
  ).catch(() => {
    expect(found).toBe('one call with both its legs');
  });
  expect(found).toHaveLength(1);
  return found[0]!;
}

function entryOf(uuid: string, { name, trunks }: Member): Entry {
  const said = { stage: 'ended', connected: true, cause: 'NORMAL_CLEARING', legs: 'a b' };
  return { id: uuid, node: name, ...said, trunk: trunks[0] ?? '' };
}

function entryIn(
  { id, node, stage, connectedAt, cause, legs }: Interaction,
  { members }: Installation,
): Entry {
  const { trunks = [] } = members.find(({ name }) => name === node) ?? {};
  const used = legs.find(({ role }) => role === 'b')?.trunk ?? '';
  return {
    ...{ id, node, stage, connected: connectedAt !== null, cause },
    legs: legs.map(({ role }) => role).join(' '),
    // The first of its node's in the order of TRUNKS: with those of other nodes nothing was tried.
    trunk: used === trunks[0] ? used : `${used}, not of ${node}`,
  };
}

function byId(one: Entry, other: Entry): number {
  return one.id < other.id ? -1 : 1;
}
