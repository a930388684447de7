import { Cluster, type Redis } from 'ioredis';

import { StoreUnavailableError } from './errors.js';
import type { RedisClient } from './redis.js';
import { guarded } from './scripts.js';

/** Keys that a step of SCAN looks at: a few hundred microseconds of Redis. */
const STEP = 500;
const SLOTS = 16_384;

/**
 * Every key there is, of every master of a cluster, in chunks; a key that is there from beginning to end at least once.
 * It goes over all that is stored, so it is for rare requests. Throws StoreUnavailableError, also when a master of a
 * cluster cannot be reached, or keys moved between masters meanwhile, so that some may have been missed.
 */
export async function* everyKey(client: RedisClient): AsyncGenerator<readonly string[]> {
  if (!(client instanceof Cluster)) {
    yield* keysOf(client);
    return;
  }
  await refresh(client);
  const before = await layoutOf(client);
  const masters = mastersOf(client, before);
  for (const master of masters) yield* keysOf(master);
  const moving = await Promise.all(masters.map(isMoving));
  if (moving.includes(true) || !isSame(before, await layoutOf(client))) {
    throw new StoreUnavailableError('the cluster moves slots between its masters');
  }
}

/** The same of those masters that can be reached, with no promise that it is every key. */
export async function* keysWithinReach(client: RedisClient): AsyncGenerator<readonly string[]> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  for (const node of nodes) yield* keysOf(node);
}

async function* keysOf(node: Redis): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const from = cursor;
    const [next, keys] = await guarded(() => node.scan(from, 'COUNT', STEP));
    cursor = next;
    if (keys.length > 0) yield keys;
  } while (cursor !== '0');
}

/** Ranges of slots, as `<first>-<last>`, by their master, as `<host>:<port>`. */
type Layout = ReadonlyMap<string, string>;

/** As one of the nodes knows it. Throws StoreUnavailableError when nobody has some slot. */
async function layoutOf(client: Cluster): Promise<Layout> {
  const ranges = await guarded(() => client.cluster('SLOTS'));
  const covered = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (covered !== SLOTS) throw new StoreUnavailableError('the cluster does not cover every slot');
  return new Map(
    ranges.map(([first, last, master]) => [`${first}-${last}`, `${master?.[0] ?? ''}:${master?.[1] ?? ''}`]),
  );
}

/** The client lets go of a master that was away, until it needs it or is told to look again. */
async function refresh(client: Cluster): Promise<void> {
  await guarded(
    () =>
      new Promise<void>((resolve, reject) => {
        client.refreshSlotsCache((error) => (error ? reject(error) : resolve()));
      }),
  );
}

function mastersOf(client: Cluster, layout: Layout): readonly Redis[] {
  const connected = new Map(
    client.nodes('master').map((node) => [`${node.options.host ?? ''}:${node.options.port ?? ''}`, node]),
  );
  return [...new Set(layout.values())].map((name) => {
    const node = connected.get(name);
    if (node === undefined) throw new StoreUnavailableError('a master of the cluster cannot be reached');
    return node;
  });
}

/** Whether slots are on their way to or from this node; its own line of CLUSTER NODES says so in brackets. */
async function isMoving(node: Redis): Promise<boolean> {
  const nodes = (await guarded(() => node.cluster('NODES'))) as string;
  return nodes.split('\n').some((line) => line.includes('myself') && line.includes('['));
}

function isSame(one: Layout, other: Layout): boolean {
  return one.size === other.size && [...one].every(([range, name]) => other.get(range) === name);
}
