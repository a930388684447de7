import { readdirSync, readFileSync } from 'node:fs';

import { Cluster, ReplyError } from 'ioredis';

import { StoreUnavailableError } from './errors.js';
import { absentKey } from './keys.js';
import type { RedisClient } from './redis.js';

/** One Lua file each in lua/. Their headers name KEYS, ARGV and the answer. */
export type ScriptName =
  | 'acquire-lease'
  | 'add-number'
  | 'admit-call'
  | 'answer-command'
  | 'begin'
  | 'begin-noted'
  | 'change-account'
  | 'change-number'
  | 'check-pin'
  | 'claim'
  | 'conclude-claim'
  | 'confirm-hold'
  | 'count-calls'
  | 'count-entries'
  | 'dismiss-call'
  | 'end-session'
  | 'enter-audit'
  | 'enter-session'
  | 'erase-session'
  | 'expire-sessions'
  | 'feed-traces'
  | 'finish-leg'
  | 'forget-recording'
  | 'keep-recording'
  | 'list-entries'
  | 'list-numbers'
  | 'look-at-admission'
  | 'look-at-claim'
  | 'look-at-pin'
  | 'note-callback'
  | 'note-leg'
  | 'note-seen'
  | 'open-callback'
  | 'need-prompts'
  | 'needed-prompts'
  | 'note-session'
  | 'note-stored'
  | 'note-trace'
  | 'number-load'
  | 'page-of-day'
  | 'pass-lease'
  | 'peek-number'
  | 'peek-session'
  | 'progress'
  | 'push-command'
  | 'push-origination'
  | 'put-account'
  | 'put-listing'
  | 'read-asked'
  | 'read-call'
  | 'read-callbacks'
  | 'read-clock'
  | 'read-commands'
  | 'read-guard'
  | 'read-leg'
  | 'read-notes'
  | 'read-outbox'
  | 'read-recording'
  | 'read-session'
  | 'release-lease'
  | 'remember-name'
  | 'remember-person'
  | 'remove-account'
  | 'remove-number'
  | 'renew-lease'
  | 'resend-callback'
  | 'route'
  | 'scan-day'
  | 'settle-pin'
  | 'settle-audit'
  | 'settle-session'
  | 'spend-risk'
  | 'take-due'
  | 'take-origination'
  | 'update-session'
  | 'watch-guard'
  | 'withdraw-call'
  | 'withdraw-session';
/** An answer of a script. A Lua `false` arrives as null. */
export type Reply = string | number | null | Reply[];

const FOLDER = new URL('./lua/', import.meta.url);

/** Hears of every script that was run, and how many milliseconds its answer or failure took. */
export type ScriptWatch = (name: ScriptName, elapsedMs: number, isFailure: boolean) => void;

type Command = (...args: (string | number)[]) => Promise<Reply>;

/** These touch the keys that they are given and no other, of which there may be any number. */
const DECLARE_ALL: ReadonlySet<ScriptName> = new Set(['enter-session', 'list-entries']);

/** Runs the store's Lua scripts on one client, by their SHA-1 (Redis is sent the text only once). */
export class Scripts {
  /** By the name of the script: one that is put together for each run would have to be looked up anew each time. */
  readonly #commands = new Map<string, Command>();
  readonly #isCluster: boolean;
  readonly #onAnswer: ScriptWatch | undefined;

  /** Reads every script. Throws when a file cannot be read. */
  constructor(client: RedisClient, onAnswer?: ScriptWatch) {
    this.#onAnswer = onAnswer;
    this.#isCluster = client instanceof Cluster;
    for (const file of readdirSync(FOLDER)) {
      if (!file.endsWith('.lua')) continue;
      const name = file.slice(0, -4);
      const command = `maskline:${name}`;
      client.defineCommand(command, { lua: sourceOf(file) });
      const run = (client as unknown as Record<string, Command>)[command];
      if (run !== undefined) this.#commands.set(name, run.bind(client));
    }
  }

  /** Throws StoreUnavailableError, with the client's error as its cause. */
  async run(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    const declared = this.#isCluster && !DECLARE_ALL.has(name) ? [...keys, ...absentKeys(keys[0])] : keys;
    const begun = performance.now();
    let isFailure = true;
    try {
      const reply = await guarded(async () => {
        const result = this.#commands.get(name)?.(declared.length, ...declared, ...args);
        if (result === undefined) throw new Error(`lua/${name}.lua is missing`);
        return result;
      });
      isFailure = false;
      return reply;
    } finally {
      this.#onAnswer?.(name, performance.now() - begun, isFailure);
    }
  }
}

/**
 * Two keys of the same slot that are never there. A script finds most of its keys by itself; while Redis Cluster moves
 * their slot from one master to another, a script would see those that are at its own, and take the others for missing.
 * Redis looks at the keys that are declared: with these among them it runs nothing on a slot that is half here and half
 * there, answers TRYAGAIN, and the client does.
 */
function absentKeys(key = ''): readonly string[] {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  return [absentKey(tag, 1), absentKey(tag, 2)];
}

/** Runs plain commands with the same promise about errors as Scripts.run. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    // The client adds all that was sent, of a script that several share also what others asked for; nobody's log needs it.
    if (cause instanceof ReplyError) Reflect.deleteProperty(cause as Error, 'command');
    throw new StoreUnavailableError('Redis did not carry out a command', { cause });
  }
}

/** Text of a script, with each `-- @include name` line replaced by that file. */
function sourceOf(file: string): string {
  return readFileSync(new URL(file, FOLDER), 'utf8').replace(/^-- @include (\S+)$/gm, (_, name: string) =>
    readFileSync(new URL(`include/${name}.lua`, FOLDER), 'utf8'),
  );
}
