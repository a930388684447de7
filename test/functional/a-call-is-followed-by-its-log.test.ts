import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Receiver } from '../helpers/receiver.js';
import { SimBed } from '../helpers/sim-bed.js';
import type { Interaction } from '../../src/masking/interaction.js';
import type { Lane } from '../scenarios/bed.js';
import { PIN, pinSession } from '../scenarios/scenario.js';

type Line = Readonly<Record<string, unknown>>;

let bed: SimBed;
let receiver: Receiver;
beforeAll(async () => {
  const environment = { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' };
  [bed, receiver] = await Promise.all([SimBed.start({ controllers: 2, environment }), Receiver.start()]);
}, 90_000);
afterAll(async () => {
  await bed.close();
  await receiver.close();
});

/** Every line that every controller has written, in the order of their times. */
async function everyLine(): Promise<Line[]> {
  const texts = await Promise.all(bed.stack.controllers.map(({ logFile }) => readFile(logFile, 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line.startsWith('{')));
  const parsed = lines.map((line) => JSON.parse(line) as Line);
  return parsed.sort((one, other) => String(one['time']).localeCompare(String(other['time'])));
}

/** The lines of a call, once there are as many of each kind as `wanted` says: several controllers write them. */
async function linesOf(call: string, wanted: Readonly<Record<string, number>>): Promise<Line[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const lines = (await everyLine()).filter((line) => line['call'] === call);
    const isThere = ([msg, count]: [string, number]): boolean => saying(lines, msg).length >= count;
    if (Object.entries(wanted).every(isThere)) return lines;
    if (Date.now() > deadline) throw new Error(`not all is in ${JSON.stringify(lines, null, 1)}`);
    await sleep(100);
  }
}

const saying = (lines: readonly Line[], msg: string): Line[] => lines.filter((line) => line['msg'] === msg);

/** Of the lines that name any of a call's channels, those that do not name the call. */
async function strays(call: string, legs: readonly string[]): Promise<Line[]> {
  const lines = await everyLine();
  return lines.filter(
    (line) => [call, ...legs].some((uuid) => JSON.stringify(line).includes(uuid)) && line['call'] !== call,
  );
}

/** B legs say which channel they are, whoever writes the line. */
function expectLegs(lines: readonly Line[], { id, sessionId, legs }: Interaction): void {
  const ended = saying(lines, 'a leg ended');
  expect(ended.map(({ leg, role }) => [leg, role]).sort()).toEqual(
    legs.map(({ uuid, role }) => [uuid, role]).sort(),
  );
  for (const line of ended) expect(line).toMatchObject({ call: id, session: sessionId });
}

async function talk(lane: Lane, session: { id: string }): Promise<Interaction> {
  const [interaction] = await lane.interactions(session.id, 1);
  expect(interaction?.connectedAt).not.toBeNull();
  return interaction!;
}

it('a call with a PIN: its questions, its legs, its CDRs, its recording and what was told of it', async () => {
  const lane = await bed.lane();
  const told = { callback_url: receiver.url(), record: true };
  const session = await lane.session(pinSession(lane, told));
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200, talkMs: 800 });
  const keyed = [{ wait: 1_500 }, { press: '0000' }, { wait: 1_500 }, { press: PIN }, { wait: 8_000 }];
  await lane.call({ from: lane.stranger, steps: keyed });
  const interaction = await talk(lane, session);
  const lines = await linesOf(interaction.id, {
    ...{ 'a question was taken': 3, 'a leg ended': 2, 'a CDR was taken from a post': 2 },
    ...{ 'a recording was entered': 1, 'a callback was taken': 6 },
  });
  const questions = saying(lines, 'a question was taken');
  expect(questions.map(({ kind, outcome, next }) => [kind, outcome, next])).toEqual([
    ['inbound', 'answered', 'prompt'],
    ['digits', 'answered', 'prompt'],
    ['digits', 'answered', 'connect'],
  ]);
  expect(lines[0]).toBe(questions[0]);
  expectLegs(lines, interaction);
  const heard = saying(lines, 'a leg was heard of');
  expect(heard.map(({ role, heard: what }) => [role, what])).toContainEqual(['b', 'ringing']);
  const bLeg = interaction.legs.find(({ role }) => role === 'b')!.uuid;
  for (const line of heard.filter(({ role }) => role === 'b')) expect(line['leg']).toBe(bLeg);
  expect(saying(lines, 'a CDR was taken from a post').map(({ leg }) => leg)).toEqual(
    expect.arrayContaining([interaction.id, bLeg]),
  );
  expect(saying(lines, 'a callback was taken').map(({ event }) => event)).toContain('SessionPartiesHangup');
  expect(await strays(interaction.id, [bLeg])).toEqual([]);
}, 60_000);

it('a call that is refused: from its question to its end', async () => {
  const lane = await bed.lane();
  await lane.call({ from: lane.first, to: '+15559990000' });
  const { call_uuid: id } = await lane.past({ from: lane.first }, 1);
  const call = String(id);
  const lines = await linesOf(call, { 'a question was taken': 1, 'a call that led nowhere ended': 1 });
  expect(lines[0]).toMatchObject({ call, msg: 'a call was not connected', why: 'not-ours' });
  expect(saying(lines, 'a question was taken')).toMatchObject([{ kind: 'inbound', next: 'refuse' }]);
  expect(saying(lines, 'a call that led nowhere ended')[0]).toMatchObject({ ledTo: 'refuse', leg: call });
  expect(await strays(call, [])).toEqual([]);
}, 60_000);

it('a call to the first party that is hung up by request: from the queue to its end', async () => {
  const lane = await bed.lane();
  await lane.callee(lane.first, { kind: 'answer', afterMs: 200 });
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
  const session = await lane.session({ initiate_call_to_first_party: true });
  await lane.running(session.id);
  const live = async (): Promise<string[]> =>
    ((await bed.stack.api('GET', '/Call/?status=live')).body as { calls: string[] }).calls;
  await expect.poll(live, { timeout: 10_000 }).toHaveLength(2);
  const [created] = saying(await everyLine(), 'a call to a first party was queued');
  const bLeg = (await live()).find((uuid) => uuid !== created!['call'])!;
  const joined = async (): Promise<Line[]> =>
    (await everyLine()).filter(({ call, heard }) => call === created!['call'] && heard === 'joined');
  await expect.poll(joined, { timeout: 10_000 }).toHaveLength(1);
  expect((await bed.stack.api('DELETE', `/Call/${bLeg}/`)).status).toBe(204);
  const interaction = await talk(lane, session);
  const lines = await linesOf(interaction.id, { 'a leg was hung up by request': 1, 'a leg ended': 2 });
  expect(lines.slice(0, 2)).toMatchObject([
    { msg: 'a call to a first party was queued', session: session.id },
    { msg: 'the first party is called', session: session.id },
  ]);
  expect(saying(lines, 'a question was taken')).toMatchObject([{ kind: 'first-party-answered' }]);
  const wish = saying(lines, 'a leg is to be hung up by request');
  expect(wish).toMatchObject([{ leg: bLeg, session: session.id, api_id: expect.any(String) as string }]);
  expect(saying(lines, 'a leg was hung up by request')).toMatchObject([{ leg: bLeg, found: true }]);
  expectLegs(lines, interaction);
  expect(await strays(interaction.id, [bLeg])).toEqual([]);
}, 60_000);

it('no line calls it by another word', async () => {
  const lines = await everyLine();
  expect(lines.filter((line) => 'interaction' in line || 'uuid' in line || 'recording' in line)).toEqual([]);
  // Were the logs empty, nothing above would have been looked for.
  expect(lines.length).toBeGreaterThan(30);
});
