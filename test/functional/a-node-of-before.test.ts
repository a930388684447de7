import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEG_DEFAULTS } from '../../src/freeswitch/leg-defaults.js';
import { SimBed } from '../helpers/sim-bed.js';
import { scenarios } from '../scenarios/index.js';
import { EventClient, type SimEvent } from './sandbox/event-client.js';

const DIALPLAN = new URL('../../dialplan/masking.xml', import.meta.url);

let folder: string;
let bed: SimBed;
let events: EventClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskline-dialplan-'));
  // What every leg has is in legs.xml, which such a node lacks.
  await copyFile(DIALPLAN, join(folder, 'masking.xml'));
  bed = await SimBed.start({ controllers: 1, dialplanFile: join(folder, 'masking.xml') });
  const { eventSocketPort, eventSocketPassword } = bed.stack;
  events = await EventClient.open(eventSocketPort, eventSocketPassword, 'CHANNEL_HANGUP_COMPLETE');
});

afterAll(async () => {
  events.close();
  await bed.close();
  await rm(folder, { recursive: true, force: true });
});

it('a node that was started before every leg had what it needs by itself is given it for each leg', async () => {
  const lane = await bed.lane();
  await lane.session();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  const call = await lane.call({ from: lane.first, steps: [{ wait: 300 }, { hangup: true }] });
  expect(call.status).toBe(200);
  const ended = (leg: string): Promise<SimEvent> =>
    events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['variable_masking_leg'] === leg);
  const [a, b] = await Promise.all([ended('a'), ended('b')]);
  for (const [name, value] of LEG_DEFAULTS) {
    expect([a, b].map((leg) => leg[`variable_${name}`])).toContain(value);
  }
  // Whoever joins the two needs these on A; whoever sends B's INVITE needs them on B.
  expect(a).toMatchObject({ variable_hangup_after_bridge: 'true', variable_sip_copy_multipart: 'false' });
  expect(b).toMatchObject({ variable_ignore_sdp_ice: 'true', variable_sip_copy_multipart: 'false' });
});

const { 'a registered caller': registered = [], 'caller-ID privacy': privacy = [] } = scenarios;

describe.concurrent('a node of before', () => {
  for (const scenario of [...registered, ...privacy]) {
    it(scenario.name, { timeout: 90_000 }, async () => {
      await scenario.run(await bed.lane());
    });
  }
});
