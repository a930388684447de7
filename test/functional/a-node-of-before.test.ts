import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LEG_DEFAULTS } from '../../src/freeswitch/leg-defaults.js';
import { SimBed } from '../helpers/sim-bed.js';
import { scenarios } from '../scenarios/index.js';
import { EventClient, type SimEvent } from './sandbox/event-client.js';

/** Sets on each leg what a call begins with, and asks with it. */
const DIALPLAN = new URL('../fixtures/dialplan-of-before/masking.xml', import.meta.url);
/** What every leg has at such a node, with less than there is now. */
const LEGS = new URL('../fixtures/dialplan-of-before/legs.xml', import.meta.url);

/** What is read on the leg of who calls: when B is dialled, joined with A, or not reached. */
const ON_A_ALONE = ['sip_cid_in_1xx', 'sip_ignore_remote_cause', 'continue_on_fail', 'hangup_after_bridge'];
/** What is read on the leg that is dialled. */
const ON_B_ALONE = ['exclude_outgoing_extra_header', 'outbound_redirect_fatal', 'ignore_sdp_ice'];

/** A node with these files of its dialplan, and who hears of the ends of its legs. */
interface NodeOfBefore {
  readonly bed: SimBed;
  readonly events: EventClient;
  close(): Promise<void>;
}

async function nodeWith(...files: readonly URL[]): Promise<NodeOfBefore> {
  const folder = await mkdtemp(join(tmpdir(), 'maskline-dialplan-'));
  for (const file of files) await copyFile(file, join(folder, basename(file.pathname)));
  const bed = await SimBed.start({ controllers: 1, dialplanFile: join(folder, 'masking.xml') });
  const { eventSocketPort, eventSocketPassword } = bed.stack;
  const events = await EventClient.open(eventSocketPort, eventSocketPassword, 'CHANNEL_HANGUP_COMPLETE');
  const close = async (): Promise<void> => {
    events.close();
    await bed.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { bed, events, close };
}

let node: NodeOfBefore;

beforeAll(async () => {
  // What every leg has is in legs.xml, which such a node lacks.
  node = await nodeWith(DIALPLAN);
});

afterAll(() => node.close());

it('a node that was started before every leg had what it needs by itself is given it for each leg', async () => {
  const lane = await node.bed.lane();
  await lane.session();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  const call = await lane.call({ from: lane.first, steps: [{ wait: 300 }, { hangup: true }] });
  expect(call.status).toBe(200);
  const ended = (leg: string): Promise<SimEvent> =>
    node.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['variable_masking_leg'] === leg);
  const [a, b] = await Promise.all([ended('a'), ended('b')]);
  expect(defaultsOn(a)).toEqual(defaultsBut(ON_B_ALONE));
  expect(defaultsOn(b)).toEqual(defaultsBut(ON_A_ALONE));
});

it('a node that has less by itself than now is given the rest, and what names a call in five variables', async () => {
  const its = await nodeWith(DIALPLAN, LEGS);
  onTestFinished(() => its.close());
  const lane = await its.bed.lane();
  const session = await lane.session();
  await lane.callee(lane.second, { kind: 'answer', afterMs: 100 });
  const call = await lane.call({ from: lane.first, steps: [{ wait: 300 }, { hangup: true }] });
  expect(call.status).toBe(200);
  for (const leg of ['a', 'b']) {
    const ended = await its.events.event(
      'CHANNEL_HANGUP_COMPLETE',
      (event) => event['variable_masking_leg'] === leg,
    );
    expect(defaultsOn(ended)).toEqual({});
    expect(ended).not.toHaveProperty('variable_masking_marks');
    if (leg === 'b') {
      expect(ended).toHaveProperty('variable_originate_timeout');
      expect(ended['variable_masking_trunk']).toBe(ended['variable_sip_gateway_name']);
    }
  }
  const [interaction] = await lane.interactions(session.id, 1);
  expect(interaction?.legs.map(({ role, trunk }) => [role, trunk === ''])).toEqual([
    ['a', true],
    ['b', false],
  ]);
});

describe.concurrent.each(['a registered caller', 'caller-ID privacy'])('a node of before: %s', (topic) => {
  const cases = scenarios[topic];
  if (cases === undefined) throw new Error(`there are no scenarios of ${topic}`);
  for (const scenario of cases) {
    it(scenario.name, { timeout: 90_000 }, async () => {
      await scenario.run(await node.bed.lane());
    });
  }
});

function defaultsOn(leg: SimEvent): Record<string, unknown> {
  const names = [...LEG_DEFAULTS.keys()].filter((name) => leg[`variable_${name}`] !== undefined);
  return Object.fromEntries(names.map((name) => [name, leg[`variable_${name}`]]));
}

function defaultsBut(others: readonly string[]): Record<string, string> {
  return Object.fromEntries([...LEG_DEFAULTS].filter(([name]) => !others.includes(name)));
}
