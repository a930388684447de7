import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Interaction } from '../../src/masking/interaction.js';
import type { CalleeBehaviour, CallOutcome, CallPlan, InviteSeen, Lane } from '../scenarios/bed.js';
import { laneNumbers } from './lane-numbers.js';
import type { Stack } from './stack.js';
import type { StoreView } from './store-view.js';

/** Longest that the records of a call may take, from when they are asked for. */
const RECORD_DEADLINE_MS = 25_000;
/** Longest that a call takes until it runs. */
const RUNNING_DEADLINE_MS = 10_000;

/** The part of a lane that does not care which FreeSWITCH is behind it. */
export abstract class BaseLane implements Lane {
  readonly did: string;
  readonly first: string;
  readonly second: string;
  readonly stranger: string;

  constructor(
    protected readonly stack: Stack,
    protected readonly store: StoreView,
    readonly trunk: string,
    index: number,
  ) {
    const numbers = laneNumbers(index);
    this.did = numbers.did;
    this.first = numbers.first;
    this.second = numbers.second;
    this.stranger = numbers.stranger;
  }

  async addNumber(): Promise<void> {
    const { status, body } = await this.stack.api('POST', '/Number/', {
      number: this.did,
      trunk: this.trunk,
    });
    expect(status, JSON.stringify(body)).toBe(201);
  }

  async session(
    parameters: Record<string, unknown> = {},
    shorter?: { readonly sessionExpiry?: number; readonly callTimeLimit?: number },
  ): Promise<{ id: string }> {
    await this.phonesReady();
    const full = {
      first_party: this.first,
      second_party: this.second,
      virtual_number: this.did,
      geomatch: false,
      ...parameters,
    };
    const id =
      shorter === undefined ? await this.#createByApi(full) : await this.store.createShort(full, shorter);
    await this.stack.promptsReady(Object.values(parameters));
    return { id };
  }

  async #createByApi(parameters: Record<string, unknown>): Promise<string> {
    const { status, body } = await this.stack.api('POST', '/Masking/Session/', parameters);
    expect(status, JSON.stringify(body)).toBe(201);
    const { session_uuid: id, virtual_number: number } = body as Record<string, string>;
    expect(number).toBe(this.did);
    return id ?? '';
  }

  /** `everyLeg`: false where records of legs are lost. */
  async interactions(
    sessionId: string,
    count: number,
    { everyLeg = true } = {},
  ): Promise<readonly Interaction[]> {
    const deadline = Date.now() + RECORD_DEADLINE_MS;
    for (;;) {
      const all = await this.store.interactions(sessionId);
      const complete = all.filter(
        (interaction) => interaction.stage === 'ended' && (!everyLeg || hasAllLegs(interaction)),
      );
      if (complete.length === count && all.length === count) return all;
      if (Date.now() > deadline) {
        throw new Error(
          `wanted ${count} interactions that have ended, found: ${JSON.stringify(all, null, 1)}`,
        );
      }
      await sleep(50);
    }
  }

  async read(sessionId: string): Promise<Record<string, unknown>> {
    const { status, body } = await this.stack.api('GET', `/Masking/Session/${sessionId}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return (body as { response: Record<string, unknown> }).response;
  }

  async events(sessionId: string): Promise<readonly Record<string, unknown>[]> {
    for (let look = 1; ; look += 1) {
      const { status, body } = await this.stack.api('GET', `/Masking/Session/${sessionId}/Event/`);
      expect(status, JSON.stringify(body)).toBe(200);
      const { objects } = body as { objects: readonly Record<string, unknown>[] };
      if (objects.length > 0 || look === 20) return objects;
      await sleep(50);
    }
  }

  async explain(query: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
    const { status, body } = await this.stack.api(
      'GET',
      `/Masking/Explain/?${new URLSearchParams(query).toString()}`,
    );
    expect(status, JSON.stringify(body)).toBe(200);
    return (body as { response: Record<string, unknown> }).response;
  }

  async past(query: Readonly<Record<string, string>>, count: number): Promise<Record<string, unknown>> {
    const deadline = Date.now() + RECORD_DEADLINE_MS;
    const list = `/Masking/Explain/Call/?${new URLSearchParams(query).toString()}`;
    for (;;) {
      const { status, body } = await this.stack.api('GET', list);
      expect(status, JSON.stringify(body)).toBe(200);
      const { meta, objects } = body as {
        meta: { total_count: number };
        objects: { call_uuid: string; ended_at: string | null }[];
      };
      const [newest] = objects;
      if (meta.total_count === count && newest !== undefined && newest.ended_at !== null) {
        const read = await this.stack.api('GET', `/Masking/Explain/Call/${newest.call_uuid}/`);
        expect(read.status, JSON.stringify(read.body)).toBe(200);
        return (read.body as { response: Record<string, unknown> }).response;
      }
      if (Date.now() > deadline) {
        throw new Error(`wanted ${count} calls, the newest over; found: ${JSON.stringify(body, null, 1)}`);
      }
      await sleep(100);
    }
  }

  async running(sessionId: string): Promise<void> {
    const deadline = Date.now() + RUNNING_DEADLINE_MS;
    while ((await this.read(sessionId))['status'] !== 'in-progress') {
      if (Date.now() > deadline) throw new Error('no call of the session runs');
      await sleep(50);
    }
  }

  audioUrl(name: string, ms?: number): string {
    return this.stack.audio.url(name, ms);
  }

  abstract callee(number: string, behaviour: CalleeBehaviour): Promise<void>;
  abstract trunkIs(state: 'up' | 'refusing' | 'unreachable'): Promise<void>;
  abstract call(plan: CallPlan): Promise<CallOutcome>;
  abstract invites(): Promise<readonly InviteSeen[]>;
  abstract recording(interaction: Interaction): Promise<{ ms: number; format: 'wav' | 'mp3' }>;
  /** Makes sure that the phones behave as they were told, before anybody may call them. */
  protected abstract phonesReady(): Promise<void>;
}

/** A leg's record follows the other's by milliseconds: a connected call has both. */
function hasAllLegs(interaction: Interaction): boolean {
  const roles = new Set(interaction.legs.map((leg) => leg.role));
  return roles.has('a') && (interaction.connectedAt === null || roles.has('b'));
}
