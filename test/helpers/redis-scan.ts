import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import type { E164 } from '../../src/masking/phone-number.js';
import { Vault } from '../../src/store/index.js';

/** Contexts that documents are sealed for, on a virtual number and for themselves. */
const CONTEXTS = ['session', 'people', 'callback', 'attempt', 'event', 'recording', 'account', 'trace'];
const SEALED = /1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{40,}/g;

/** Every key with everything in it, as one text each; what is sealed is opened beside it. */
export async function openedDump(raw: Redis, dataKey: string): Promise<string[]> {
  const vault = new Vault([dataKey]);
  const texts: string[] = [];
  for (const key of await raw.keys('*')) {
    const text = `${key} ${JSON.stringify(await valueOf(raw, key))}`;
    const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? '';
    const id = key.slice(key.lastIndexOf(':') + 1);
    const opened = [...text.matchAll(SEALED)].map(([sealed]) => {
      for (const context of [
        ...CONTEXTS.flatMap((each) => [`${each}\0${tag}`, `${each}\0${id}`]),
        'prompt url',
      ]) {
        try {
          return vault.open(sealed, context);
        } catch {
          // Sealed for something else.
        }
      }
      throw new Error(`what is sealed in ${key} cannot be opened: is its context missing here?`);
    });
    texts.push([text, ...opened].join('\n'));
  }
  return texts;
}

/** What names a person: digits of the number, and the token of it. */
export function namesOf(person: E164, dataKey: string): string[] {
  return [person.slice(1), ...new Vault([dataKey]).partyTokens(person)];
}

/** The keys whose name or content names the person. */
export async function whatNames(raw: Redis, person: E164, dataKey: string): Promise<string[]> {
  const names = namesOf(person, dataKey);
  const texts = await openedDump(raw, dataKey);
  return texts.filter((text) => names.some((name) => text.includes(name))).map((text) => text.slice(0, 120));
}

/** The append-only file, once Redis has written it anew. */
export async function rewrittenFile(raw: Redis, dir: string): Promise<string> {
  await raw.bgrewriteaof();
  while (/aof_rewrite_(?:in_progress|scheduled):1/.test(await raw.info('persistence'))) await sleep(20);
  const folder = join(dir, 'appendonlydir');
  const files = await readdir(folder);
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'latin1')))).join('\n');
}

async function valueOf(raw: Redis, key: string): Promise<unknown> {
  switch (await raw.type(key)) {
    case 'string':
      return raw.get(key);
    case 'hash':
      // Redis gives its fields in an order that may change.
      return Object.entries(await raw.hgetall(key)).sort();
    case 'zset':
      return raw.zrange(key, '0', '-1', 'WITHSCORES');
    case 'set':
      return raw.smembers(key);
    case 'list':
      return raw.lrange(key, 0, -1);
    case 'stream':
      return raw.xrange(key, '-', '+');
    default:
      return '';
  }
}
