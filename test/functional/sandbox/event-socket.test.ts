import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { EventClient, type SimEvent } from './event-client.js';
import { ALICE, BOB, connectToBob, DID, PASSWORD, startNode, type TestNode } from './node.js';

let bed: TestNode;
afterEach(() => bed.close());

const UUID = '11111111-2222-3333-4444-555555555555';

it('answers commands in the words of the real one', async () => {
  bed = await startNode([]);
  const { events } = bed;
  expect(await events.command('api switchname')).toBe('sim-1');
  expect(await events.command('api status')).toMatch(/^UP 0 years, .*\nFreeSWITCH \(Version 1\.10\.12/);
  expect(await events.command('api uuid_exists nope')).toBe('false');
  expect(await events.command('api uuid_kill nope')).toBe('-ERR No such channel!\n');
  expect(await events.command('api nosuch x')).toBe('-ERR nosuch Command not found!\n');
  expect(await events.command('api global_getvar nope')).toBe('-ERR no reply\n');
  expect(await events.command('foo')).toBe('-ERR command not found');
  expect(await events.command('event json NOPE')).toBe('-ERR no keywords supplied');
  expect(await events.command('sendmsg nope\ncall-command: hangup')).toBe('-ERR invalid session id [nope]');
  expect(await events.command('exit')).toBe('+OK bye');
  await events.closed;
});

it('refuses a wrong password', async () => {
  bed = await startNode([]);
  const client = await EventClient.open(bed.node.eventSocketPort, 'wrong');
  await client.closed;
});

it('filters: only the events of one of them pass', async () => {
  bed = await startNode([() => connectToBob()], { heartbeatMs: 200 });
  const client = await EventClient.open(bed.node.eventSocketPort, PASSWORD, 'ALL');
  expect(await client.command('filter Event-Name HEARTBEAT')).toBe(
    '+OK filter added. [Event-Name]=[HEARTBEAT]',
  );
  expect(await client.command('filter Event-Name CHANNEL_DESTROY')).toMatch(/^\+OK/);
  bed.node.phones.behave(BOB, { kind: 'refuse', status: 486, afterMs: 0 });
  const before = client.events.length;
  await bed.node.place({ from: ALICE, to: DID }).ended;
  await client.event('CHANNEL_DESTROY');
  await client.event('HEARTBEAT', (event) => Number(event['Uptime-msec']) > 0);
  const names = new Set(client.events.slice(before).map((event) => event['Event-Name']));
  expect([...names].toSorted()).toEqual(['CHANNEL_DESTROY', 'HEARTBEAT']);
  client.close();
});

it('originates in the background, and the answered leg enters the dialplan', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(ALICE, { kind: 'answer', afterMs: 300 });
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 300, talkMs: 500 });
  const dial = `{origination_uuid=${UUID},masking_leg=a,origination_caller_id_number=${DID},origination_caller_id_name=${DID},ignore_early_media=ring_ready}sofia/gateway/carrier-a/${ALICE}`;
  const reply = await bed.events.command(`bgapi originate ${dial} ask-first XML masking\nJob-UUID: job-1`);
  expect(reply).toBe('+OK Job-UUID: job-1');
  const job = await bed.events.event('BACKGROUND_JOB', (event) => event['Job-UUID'] === 'job-1');
  expect(job['_body']).toBe(`+OK ${UUID}\n`);
  await bed.events.event('CHANNEL_BRIDGE', (event) => event['Bridge-A-Unique-ID'] === UUID);
  const shown = JSON.parse(await bed.events.command('api show channels as json')) as {
    row_count: number;
    rows: Record<string, string>[];
  };
  expect(shown.row_count).toBe(2);
  expect(shown.rows[0]).toMatchObject({ uuid: UUID, direction: 'outbound', callstate: 'ACTIVE' });
  const dumped = JSON.parse(await bed.events.command(`api uuid_dump ${UUID} json`)) as SimEvent;
  expect(dumped).toMatchObject({
    'Unique-ID': UUID,
    'Call-Direction': 'outbound',
    variable_masking_leg: 'a',
  });
  const ended = await bed.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['Unique-ID'] === UUID);
  expect(ended).toMatchObject({ 'Hangup-Cause': 'NORMAL_CLEARING', 'Call-Direction': 'outbound' });
  expect(bed.controllers[0]!.questions[0]!.get('scope_variable_masking_question')).toBe(
    'first-party-answered',
  );
  expect(bed.errors).toEqual([]);
});

it.each([
  ['carrier-a', 486, '-ERR USER_BUSY\n'],
  ['nowhere', 486, '-ERR INVALID_GATEWAY\n'],
])('originate by %s to a phone that gives %i says %s', async (trunk, status, answer) => {
  bed = await startNode([]);
  bed.node.phones.behave(ALICE, { kind: 'refuse', status, afterMs: 0 });
  await bed.events.command(
    `bgapi originate sofia/gateway/${trunk}/${ALICE} ask-first XML masking\nJob-UUID: job`,
  );
  expect((await bed.events.event('BACKGROUND_JOB'))['_body']).toBe(answer);
});

it('uuid_kill ends a call and leaves nothing behind', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0 });
  const call = bed.node.place({ from: ALICE, to: DID });
  await bed.events.event('CHANNEL_BRIDGE');
  expect(await bed.events.command(`api uuid_kill ${call.uuid} MANAGER_REQUEST`)).toBe('+OK\n');
  expect(await call.ended).toMatchObject({ by: 'switch', cause: 'MANAGER_REQUEST' });
  // The two legs end each in their own time.
  for (const uuid of [call.uuid, bed.node.phones.received(BOB)[0]!.uuid]) {
    await bed.events.event('CHANNEL_DESTROY', (event) => event['Unique-ID'] === uuid);
  }
  expect(bed.node.channels).toEqual([]);
  expect(bed.node.clock.pending).toBeLessThanOrEqual(1);
});

it('a crash resets connections, writes no CDR, and the node starts again on its port', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0 });
  const call = bed.node.place({ from: ALICE, to: DID });
  await bed.events.event('CHANNEL_BRIDGE');
  const port = bed.node.eventSocketPort;
  await bed.node.kill();
  await bed.events.closed;
  expect(bed.node.place({ from: ALICE, to: DID }).isOver).toBe(true);
  await bed.node.start();
  expect(bed.node.eventSocketPort).toBe(port);
  expect(bed.node.channels).toEqual([]);
  await expect(readFile(join(bed.dir, 'cdr', `${call.uuid}.cdr.json`))).rejects.toMatchObject({
    code: 'ENOENT',
  });
  const client = await EventClient.open(port, PASSWORD, 'ALL');
  expect(await client.command('api show channels as json')).toBe('{"row_count":0}');
  client.close();
});

it('sendmsg: a body is an application’s argument only as text/plain, as FreeSWITCH has it', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0, talkMs: 2_000 });
  const { uuid, ended } = bed.node.place({ from: ALICE, to: DID });
  await bed.events.event('CHANNEL_BRIDGE', (event) => event['Unique-ID'] === uuid);
  const set = (name: string, type: string): Promise<string> =>
    bed.events.command(
      `sendmsg ${uuid}\ncall-command: execute\nexecute-app-name: set\n${type}content-length: ${name.length + 2}\n\n${name}=1`,
    );
  await set('untyped', '');
  await set('typed', 'content-type: text/plain\n');
  expect(await bed.events.command(`api uuid_getvar ${uuid} typed`)).toBe('1');
  expect(await bed.events.command(`api uuid_getvar ${uuid} untyped`)).toBe('_undef_');
  await ended;
});
