import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../helpers/until.js';
import { Receiver } from '../helpers/receiver.js';
import type { Stack } from '../helpers/stack.js';
import type { CallerStep, Lane, TestBed } from './bed.js';
import { PIN, pinSession } from './scenario.js';

/** A bed whose Redis can be killed and cut off. */
export interface BedWithRedis extends TestBed {
  readonly stack: Stack;
}

export interface BedOptions {
  readonly controllers: number;
  readonly proxied: boolean;
  /** Of the controllers. */
  readonly environment: Readonly<Record<string, string>>;
}

const ENVIRONMENT = { LOCAL_ROUTES: '100', CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' };
const MAX_AGE_MS = 12_000;
/** Longest that anything takes to be as it was, in milliseconds. */
const BACK_MS = 30_000;
const TALK: readonly CallerStep[] = [{ wait: 600 }, { hangup: true }];
/** What is told of three calls of the first party and one of the second, all recorded. */
const TOLD = {
  SessionSecondPartyRing: 3,
  SessionFirstPartyAnswer: 4,
  SessionSecondPartyAnswer: 4,
  SessionFirstPartyHangup: 4,
  SessionSecondPartyHangup: 4,
  SessionPartiesHangup: 4,
  SessionRecordingInitiated: 4,
  SessionRecordingCompleted: 4,
};

/** Calls that a controller with LOCAL_ROUTES leads on while Redis is away: on the simulated FreeSWITCH and on a real one. */
export function callsWithoutRedis(startBed: (options: BedOptions) => Promise<BedWithRedis>): void {
  let receiver: Receiver;
  let bed: BedWithRedis;
  beforeEach(async () => {
    receiver = await Receiver.start();
  });
  afterEach(async () => {
    await bed.close();
    await receiver.close();
  });

  const start = async (
    controllers: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Lane> => {
    bed = await startBed({ controllers, proxied: true, environment: { ...ENVIRONMENT, ...environment } });
    return aLane();
  };

  const aLane = async (): Promise<Lane> => {
    const lane = await bed.lane();
    for (const phone of [lane.first, lane.second]) await lane.callee(phone, { kind: 'answer', afterMs: 100 });
    return lane;
  };

  /** A session whose first party has called once, so that both parties are known. */
  const known = async (lane: Lane, parameters: Record<string, unknown> = {}): Promise<string> => {
    const { id } = await lane.session({
      callback_url: receiver.url('/session'),
      recording_callback_url: receiver.url('/recording'),
      ...parameters,
    });
    expect((await lane.call({ from: lane.first, steps: TALK })).status).toBe(200);
    await lane.interactions(id, 1);
    return id;
  };

  /** A session whose first party has called once, and had to key a PIN. */
  const keyed = async (lane: Lane): Promise<void> => {
    const { id } = await lane.session({ ...pinSession(lane), force_pin_authentication: true });
    const steps = [{ wait: 1_500 }, { press: PIN }, ...TALK];
    expect((await lane.call({ from: lane.first, steps })).status).toBe(200);
    await lane.interactions(id, 1);
  };

  const isReady = async (index: number): Promise<boolean> => {
    const response = await fetch(`${bed.stack.controllers[index]!.url}/readyz`);
    await response.body?.cancel();
    return response.status === 200;
  };

  const back = async (): Promise<void> => {
    for (const [index] of bed.stack.controllers.entries()) {
      await until('the controller is ready', () => isReady(index), BACK_MS);
    }
  };

  /** Events by their sequence numbers: what was on its way when Redis died is told twice. */
  const events = (): Readonly<Record<string, string>>[] => [
    ...new Map(receiver.told.map(({ fields }) => [fields['SequenceNumber'] ?? '', fields])).values(),
  ];

  /** How often each event was told. */
  const told = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const fields of events()) {
      const name = fields['EventName'] ?? '';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };

  it.each([
    {
      how: 'is killed',
      away: (stack: Stack) => stack.redis.kill(),
      again: (stack: Stack) => stack.redis.restart(),
    },
    {
      how: 'hangs',
      away: (stack: Stack) => {
        stack.redis.pause();
        return Promise.resolve();
      },
      again: (stack: Stack) => {
        stack.redis.resume();
        return Promise.resolve();
      },
    },
  ])(
    'Redis $how: known callers reach each other, and nothing of their calls is lost',
    async ({ away, again }) => {
      const lane = await start(1);
      const id = await known(lane, { record: true, record_file_format: 'wav' });
      const before = (await lane.invites()).length;
      await away(bed.stack);

      expect(await lane.call({ from: lane.first, steps: TALK })).toMatchObject({ status: 200 });
      expect(await lane.call({ from: lane.second, steps: TALK })).toMatchObject({ status: 200 });
      const unknown = await lane.call({ from: lane.stranger });
      expect(unknown).toMatchObject({ status: 503, heard: ['unavailable'] });
      // One that is up when Redis comes back.
      const long = lane.call({ from: lane.first, steps: [{ wait: 9_000 }, { hangup: true }] });
      await sleep(1_500);
      await again(bed.stack);
      expect(await long).toMatchObject({ status: 200 });
      await back();

      const [, ...calls] = await lane.interactions(id, 4);
      expect(calls.map(({ people }) => [people?.a, people?.b])).toEqual([
        [lane.first, lane.second],
        [lane.second, lane.first],
        [lane.first, lane.second],
      ]);
      for (const call of calls) {
        expect(call).toMatchObject({ cause: 'NORMAL_CLEARING', endedBy: 'a' });
        expect(call.connectedAt).not.toBeNull();
        await until(
          'the recording is entered',
          async () => {
            const { status } = await bed.stack.api('GET', `/Recording/${call.id}/`);
            return status === 200;
          },
          BACK_MS,
        );
        expect((await lane.recording(call)).ms).toBeGreaterThan(300);
      }
      await until('the client is told of everything', () => events().length >= 31, BACK_MS);
      expect(told()).toEqual(TOLD);
      const people = [lane.first, lane.second].map((number) => number.slice(1));
      for (const { fields } of receiver.told)
        expect([fields['From'], fields['To']].sort()).toEqual(people.sort());
      expect(await lane.read(id)).toMatchObject({ total_call_count: 8 });
      for (const { callerNumber } of (await lane.invites()).slice(before))
        expect(callerNumber).toContain(lane.did.slice(1));
    },
    120_000,
  );

  it('a caller who has to key a PIN, one whose session is over, and one who was seen too long ago are not led on', async () => {
    const old = await start(1, { LOCAL_ROUTES_MAX_AGE: String(MAX_AGE_MS / 1_000) });
    await known(old);
    const seenAt = performance.now();
    await sleep(MAX_AGE_MS / 2);
    const [over, withPin, fresh] = await Promise.all([aLane(), aLane(), aLane()]);
    const [ended] = await Promise.all([known(over), keyed(withPin), known(fresh)]);
    expect((await bed.stack.api('DELETE', `/Masking/Session/${ended}/`)).status).toBe(200);
    await sleep(Math.max(0, seenAt + MAX_AGE_MS + 500 - performance.now()));

    await bed.stack.redis.kill();
    const calls = [fresh, over, withPin, old].map((lane) => lane.call({ from: lane.first, steps: TALK }));
    const [led, ...refused] = await Promise.all(calls);
    expect(led).toMatchObject({ status: 200 });
    for (const each of refused) expect(each).toMatchObject({ status: 503, heard: ['unavailable'] });
    await bed.stack.redis.restart();
    await back();
  }, 120_000);

  it('whichever controller led a caller on before does so while none has Redis', async () => {
    const lane = await start(2);
    const id = await known(lane);
    await bed.stack.redis.kill();
    expect(await lane.call({ from: lane.first, steps: TALK })).toMatchObject({ status: 200 });
    expect(await lane.call({ from: lane.second, steps: TALK })).toMatchObject({ status: 200 });
    expect(await lane.call({ from: lane.stranger })).toMatchObject({ status: 503, heard: ['unavailable'] });
    await bed.stack.redis.restart();
    await back();
    const interactions = await lane.interactions(id, 3);
    expect(interactions.map(({ people }) => people?.a)).toEqual([lane.first, lane.first, lane.second]);
  }, 120_000);

  it('one controller loses Redis alone: the other one decides, by what is true now', async () => {
    const lane = await start(2);
    const id = await known(lane);
    const [own] = bed.stack.redisProxies;
    own?.cut();
    await until('the controller knows', async () => !(await isReady(0)), BACK_MS);
    expect(await lane.call({ from: lane.first, steps: TALK })).toMatchObject({ status: 200 });
    const [, call] = await lane.interactions(id, 2);
    expect(call?.people).toMatchObject({ a: lane.first });
    // The session goes while this controller cannot hear of it.
    const gone = await bed.stack.api(
      'DELETE',
      `/Masking/Session/${id}/`,
      undefined,
      bed.stack.controllers[1],
    );
    expect(gone.status).toBe(200);
    for (const from of [lane.first, lane.second]) {
      expect(await lane.call({ from })).toMatchObject({ status: 404 });
    }
    own?.restore();
    await back();
  }, 120_000);
}
