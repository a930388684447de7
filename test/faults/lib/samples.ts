import { readdir, readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { CALLBACK_QUEUE_PREFIX, liveKey } from '../../../src/store/keys.js';
import type { System } from './system.js';

/** The name that the tests' FreeSWITCH has. */
const NODE = 'node-under-test';

/** What the programs of a system take, at one instant. */
export interface Sample {
  /** Minutes since the load began. */
  readonly minute: number;
  readonly freeswitchMiB: number;
  readonly controllersMiB: number;
  readonly redisMiB: number;
  readonly freeswitchFiles: number;
  readonly controllersFiles: number;
  readonly channels: number;
  /** Calls that the phones know of. */
  readonly calls: number;
  /** Interactions that Redis says are running. */
  readonly live: number;
  /** Callbacks that wait for their attempt. */
  readonly queued: number;
  /** Keys in Redis. */
  readonly keys: number;
}

export type Measure = Exclude<keyof Sample, 'minute'>;

/** Looks at all programs of a system. It has a connection of its own to Redis. */
export class Sampler {
  readonly #system: System;
  readonly #redis: Redis;
  readonly #begun = Date.now();

  constructor(system: System) {
    this.#system = system;
    this.#redis = new Redis(system.redis.url);
    // Redis is what some faults break; a look that fails then says so itself.
    this.#redis.on('error', () => undefined);
  }

  async take(): Promise<Sample> {
    const { freeswitch, controllers, carrier } = this.#system;
    const pids = controllers.map(({ pid }) => pid ?? 0);
    const info = await this.#redis.info('memory');
    return {
      minute: (Date.now() - this.#begun) / 60_000,
      freeswitchMiB: await residentMiB(freeswitch.pid ?? 0),
      controllersMiB: sum(await Promise.all(pids.map(residentMiB))),
      redisMiB: Number(/^used_memory:(\d+)/m.exec(info)?.[1]) / 1_048_576,
      freeswitchFiles: await openFiles(freeswitch.pid ?? 0),
      controllersFiles: sum(await Promise.all(pids.map(openFiles))),
      channels: await this.#system.channels(),
      calls: carrier.open.length,
      live: await this.live(),
      queued: await this.#queued(),
      keys: await this.#redis.dbsize(),
    };
  }

  /** Interactions that Redis says are running. */
  live(): Promise<number> {
    return this.#redis.hlen(liveKey(NODE));
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** BullMQ: deliveries that wait, are put off, or are under way. */
  async #queued(): Promise<number> {
    const key = (list: string): string => `${CALLBACK_QUEUE_PREFIX}:deliveries:${list}`;
    return sum([
      await this.#redis.llen(key('wait')),
      await this.#redis.llen(key('active')),
      await this.#redis.zcard(key('delayed')),
      await this.#redis.zcard(key('prioritized')),
    ]);
  }
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
