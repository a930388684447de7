import { Cluster, type Redis } from 'ioredis';

import type { Config } from '../../config.js';
import { INVENTORY_KEY } from '../../store/keys.js';
import { keysWithinReach } from '../../store/keyspace.js';
import { RedisConnection, type RedisClient } from '../../store/redis.js';
import { Vault } from '../../store/vault.js';

/** One Redis server: the only one, or a master of a cluster. */
export interface RedisServerFacts {
  readonly name: string;
  /** INFO, field to value. */
  readonly info: Readonly<Record<string, string>>;
  /** CONFIG GET, or null where that is not allowed. */
  readonly config: Readonly<Record<string, string>> | null;
}

export interface RedisFacts {
  /** Why it cannot be used, as Redis or the system says it: ECONNREFUSED, WRONGPASS …; null when it can. */
  readonly trouble: string | null;
  readonly servers: readonly RedisServerFacts[];
  /** Milliseconds that its clock is ahead of ours, and how wrong that may be. */
  readonly clock: { readonly ahead: number; readonly within: number } | null;
  /** Sealed documents that were looked at, and those that none of our keys opens. */
  readonly sealed: { readonly seen: number; readonly foreign: number };
  /** Records of the virtual numbers. */
  readonly numbers: readonly { readonly number: string; readonly enabled: boolean; readonly trunk: string }[];
}

/** What makes a Redis durable and safe for us. */
const SETTINGS = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy'] as const;
/** A session's document. */
const SESSION_KEY = /^maskline:\{\+\d+\}:session:[0-9a-f-]+$/;
/** Bounds of the look for sealed documents. */
const MOST_DOCUMENTS = 50;
const MOST_KEYS = 50_000;
const COMMAND_MS = 3_000;

export async function lookAtRedis(config: Config): Promise<RedisFacts> {
  const heard: unknown[] = [];
  const connection = new RedisConnection(config.redisUrl, {
    commandTimeout: COMMAND_MS,
    connectTimeout: COMMAND_MS,
    onError: (error) => heard.push(error),
  });
  const { client } = connection;
  try {
    await client.ping();
    const servers: RedisServerFacts[] = [];
    for (const server of serversOf(client)) servers.push(await lookAtServer(server));
    return {
      trouble: null,
      servers,
      clock: await lookAtClock(client),
      sealed: await lookAtDocuments(client, new Vault(config.dataKeys)),
      numbers: (await client.hvals(INVENTORY_KEY)).map(
        (record) => JSON.parse(record) as RedisFacts['numbers'][0],
      ),
    };
  } catch (error) {
    const trouble = [...heard, error].map(troubleOf).find((each) => each !== null) ?? 'no answer';
    return { trouble, servers: [], clock: null, sealed: { seen: 0, foreign: 0 }, numbers: [] };
  } finally {
    // One that refuses is tried again and again: nobody waits for that here.
    client.disconnect();
  }
}

function serversOf(client: RedisClient): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

async function lookAtServer(server: Redis): Promise<RedisServerFacts> {
  const { host = '', port = 0 } = server.options;
  const info = fieldsOf(await server.info());
  let config: Record<string, string> | null = {};
  try {
    for (const name of SETTINGS) {
      const [, value] = (await server.config('GET', name)) as [string, string];
      config[name] = value;
    }
  } catch {
    config = null;
  }
  return { name: `${host}:${port}`, info, config };
}

async function lookAtClock(client: RedisClient): Promise<RedisFacts['clock']> {
  const before = Date.now();
  const [seconds, micros] = (await client.time()) as unknown as [string, string];
  const after = Date.now();
  const shown = Number(seconds) * 1_000 + Number(micros) / 1_000;
  return { ahead: shown - (before + after) / 2, within: (after - before) / 2 + 1 };
}

async function lookAtDocuments(client: RedisClient, vault: Vault): Promise<RedisFacts['sealed']> {
  let [seen, foreign, keys] = [0, 0, 0];
  for await (const chunk of keysWithinReach(client)) {
    for (const key of chunk.filter((each) => SESSION_KEY.test(each))) {
      const document = await client.hget(key, 'doc');
      if (document === null) continue;
      seen += 1;
      if (!vault.knows(document)) foreign += 1;
      if (seen >= MOST_DOCUMENTS) return { seen, foreign };
    }
    keys += chunk.length;
    if (keys >= MOST_KEYS) break;
  }
  return { seen, foreign };
}

function fieldsOf(info: string): Record<string, string> {
  const lines = info.split(/\r?\n/).filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** The first word of what Redis said, or the system's code; null for the client's own words about it. */
function troubleOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error.message.includes('invalid password')) return 'WRONGPASS';
  const word = /^(?:-?)([A-Z]{4,})\b/.exec(error.message)?.[1];
  if (word !== undefined) return word;
  return /timed? ?out/i.test(error.message) ? 'ETIMEDOUT' : null;
}
