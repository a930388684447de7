import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallerStep } from '../scenarios/bed.js';
import { laneNumbers, type LaneNumbers } from '../helpers/lane-numbers.js';
import { PIN, SECOND_PIN } from '../scenarios/scenario.js';
import { RealBed } from './helpers/real-bed.js';
import { methodOf, statusOf, type LoggedMessage } from './helpers/sip-messages.js';
import { callerScenario } from './helpers/sipp-scenarios.js';
import { freeUdpPort, Sipp } from './helpers/sipp.js';

/** Behind it every phone answers. */
const TRUNK = 'spare';

interface Load {
  readonly name: string;
  readonly lanes: readonly LaneNumbers[];
  readonly caller: (lane: LaneNumbers) => string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly callsPerSecond: number;
  readonly calls: number;
  readonly steps: readonly CallerStep[];
}

/** A session has one call at a time: with so many lanes the last one of a lane is over before the next. */
const PLAIN: Load = {
  name: 'plain',
  lanes: Array.from({ length: 40 }, (_, index) => laneNumbers(index)),
  caller: (lane) => lane.first,
  parameters: {},
  callsPerSecond: 4,
  calls: 160,
  steps: [{ wait: 1_000 }, { hangup: true }],
};

const PINS: Load = {
  name: 'pin',
  lanes: Array.from({ length: 20 }, (_, index) => laneNumbers(100 + index)),
  caller: (lane) => lane.stranger,
  parameters: {
    ...{ is_pin_authentication_required: true, first_party_pin: PIN, second_party_pin: SECOND_PIN },
    ...{ pin_retry: 1, pin_retry_wait: 10 },
  },
  callsPerSecond: 1,
  calls: 40,
  // The caller is answered before B is: it stays long enough to be connected on a busy machine too.
  steps: [{ wait: 1_500 }, { press: PIN }, { wait: 8_000 }, { hangup: true }],
};

let bed: RealBed;
beforeAll(async () => {
  bed = await RealBed.start({ controllers: 2, lanes: 0 });
});
afterAll(() => bed.close());

it(
  'a restart of one controller after the other loses no call and no record',
  { timeout: 240_000 },
  async () => {
    const sessions = new Map<Load, string[]>();
    for (const load of [PLAIN, PINS]) sessions.set(load, await prepare(load));
    const running = await Promise.all([PLAIN, PINS].map((load) => callAll(load)));
    for (const index of [0, 1]) {
      await sleep(4_000);
      const controller = bed.stack.controllers[index]!;
      expect(await controller.end('SIGTERM')).toBe(0);
      await sleep(2_000);
      await controller.start();
    }
    for (const [index, load] of [PLAIN, PINS].entries()) {
      const sipp = running[index]!;
      await sipp.exited;
      const finals = finalStatuses(await sipp.messages());
      expect(finals, load.name).toEqual(Array.from({ length: load.calls }, () => 200));
      await recorded(load, sessions.get(load)!);
    }
  },
);

/** A number and a session for every lane. */
async function prepare(load: Load): Promise<string[]> {
  const { stack } = bed;
  const ids: string[] = [];
  for (const lane of load.lanes) {
    const added = await stack.api('POST', '/Number/', { number: lane.did, trunk: TRUNK });
    expect(added.status, JSON.stringify(added.body)).toBe(201);
    const created = await stack.api('POST', '/Masking/Session/', {
      ...{ first_party: lane.first, second_party: lane.second, virtual_number: lane.did, geomatch: false },
      ...load.parameters,
      ...(load === PINS ? { pin_prompt_play: stack.audio.url('pin-prompt') } : {}),
    });
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    ids.push((created.body as { session_uuid: string }).session_uuid);
  }
  if (load === PINS) await stack.promptsReady([stack.audio.url('pin-prompt')]);
  return ids;
}

/** Begins to place the calls of a load, one lane after the other. */
async function callAll(load: Load): Promise<Sipp> {
  const folder = join(bed.stack.folder, `load-${load.name}`);
  await mkdir(folder, { recursive: true });
  const plan = { from: '[field0]', to: '[field1]', steps: load.steps };
  const scenario = (await callerScenario(plan, folder)).replaceAll('[service]', '[field1]');
  const table = join(folder, 'lanes.csv');
  const rows = load.lanes.map((lane) => `${load.caller(lane)};${lane.did}`);
  await writeFile(table, ['SEQUENTIAL', ...rows, ''].join('\n'));
  const port = await freeUdpPort();
  return Sipp.start(folder, scenario, `127.0.0.1:${bed.freeswitch.sipPort}`, [
    ...['-inf', table, '-p', String(port), '-mp', String(port + 2)],
    ...['-r', String(load.callsPerSecond), '-m', String(load.calls), '-timeout', '120s'],
  ]);
}

function finalStatuses(messages: readonly LoggedMessage[]): number[] {
  const finals = new Map<string, number>();
  for (const { callId, direction, text } of messages) {
    const status = statusOf(text) ?? 0;
    if (direction === 'received' && methodOf(text) === 'INVITE' && status >= 200) finals.set(callId, status);
  }
  return [...finals.values()];
}

/** Every call of the load has an interaction that was connected and ended as its caller ended it. */
async function recorded(load: Load, sessionIds: readonly string[]): Promise<void> {
  const each = load.calls / load.lanes.length;
  const deadline = performance.now() + 30_000;
  for (const id of sessionIds) {
    for (;;) {
      const all = await bed.store.interactions(id);
      const seen = all.map(({ stage, endedBy, cause, connectedAt, legs }) => ({
        ...{ stage, endedBy, cause, connected: connectedAt !== null, legs: legs.length },
      }));
      const wanted = Array.from({ length: each }, () => ({
        ...{ stage: 'ended', endedBy: 'a', cause: 'NORMAL_CLEARING', connected: true, legs: 2 },
      }));
      if (JSON.stringify(seen) === JSON.stringify(wanted)) break;
      if (performance.now() > deadline) expect(seen, `${load.name} ${id}`).toEqual(wanted);
      await sleep(100);
    }
  }
}
