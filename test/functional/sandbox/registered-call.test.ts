import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { wavDurationMs } from '../../../sandbox/freeswitch/sounds.js';
import { ALICE, BOB, connectToBob, DID, SECRET, startNode, type TestNode } from './node.js';

let bed: TestNode;
afterEach(() => bed.close());

it('asks with the headers and variables of the real one, and joins the two', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 700 });
  const call = bed.node.place({ from: ALICE, to: DID, displayName: 'Alice' });
  expect(await call.answered).toBe(true);
  expect(call.provisionals).toEqual([180]);
  const [asked] = bed.controllers[0]!.questions;
  expect(Object.fromEntries(asked!)).toMatchObject({
    'Event-Name': 'CHANNEL_DATA',
    'FreeSWITCH-Switchname': 'sim-1',
    'Call-Direction': 'inbound',
    'Caller-Caller-ID-Number': ALICE,
    'Unique-ID': call.uuid,
    scope_variable_masking_question: 'inbound',
    scope_variable_masking_secret: SECRET,
    variable_sip_req_user: DID,
    'Socket-Mode': 'static',
    Control: 'single-channel',
  });
  const bridged = await bed.events.event('CHANNEL_BRIDGE');
  expect(bridged).toMatchObject({
    'Bridge-A-Unique-ID': call.uuid,
    variable_originate_disposition: 'SUCCESS',
  });
  call.hangup();
  expect(await call.ended).toMatchObject({ by: 'caller', status: 200 });
  const ended = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === call.uuid,
  );
  expect(ended).toMatchObject({
    'Hangup-Cause': 'NORMAL_CLEARING',
    variable_sip_hangup_disposition: 'recv_bye',
    variable_last_bridge_role: 'originator',
  });
  expect(ended).not.toHaveProperty('variable_masking_secret');
  expect(Number(ended['Caller-Channel-Answered-Time'])).toBeGreaterThan(
    Number(ended['Caller-Channel-Created-Time']),
  );
  const [received] = bed.node.phones.received(BOB);
  expect(received).toMatchObject({
    callerNumber: DID,
    callerName: DID,
    trunk: 'carrier-a',
    endedBy: 'switch',
  });
  expect(bed.errors).toEqual([]);
});

it('writes a CDR per leg before the hangup event', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 100, talkMs: 2000 });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', status: 200, cause: 'NORMAL_CLEARING' });
  const ended = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === call.uuid,
  );
  const cdr = JSON.parse(await readFile(join(bed.dir, 'cdr', `${call.uuid}.cdr.json`), 'utf8')) as {
    variables: Record<string, string>;
    callflow: { times: Record<string, string> }[];
  };
  expect(cdr.variables['hangup_cause']).toBe('NORMAL_CLEARING');
  expect(cdr.variables['masking_leg']).toBe('a');
  expect(cdr.callflow[0]!.times['answered_time']).toBe(ended['Caller-Channel-Answered-Time']);
  // It was never transferred: one way through the dialplan, with extensions inside.
  expect(cdr.callflow).toHaveLength(1);
  expect(cdr.callflow[0]!.times['transfer_time']).toBe('0');
  const [received] = bed.node.phones.received(BOB);
  const b = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === received!.uuid,
  );
  expect(b).toMatchObject({ variable_sip_hangup_disposition: 'recv_bye', 'Other-Type': 'originator' });
});

it('drops what A brings along, and shows what a dial string forgets to drop', async () => {
  const careless = connectToBob();
  careless['masking_dial'] = `{ignore_early_media=ring_ready}sofia/gateway/carrier-a/${BOB}`;
  bed = await startNode([(_, count) => (count === 1 ? connectToBob() : careless)]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0, talkMs: 100 });
  const headers = { 'X-Caller': '15550000001', Diversion: `<sip:${ALICE}@carrier.example>` };
  await bed.node.place({ from: ALICE, to: DID, headers }).ended;
  await bed.node.place({ from: ALICE, to: DID, headers: { Privacy: 'id' } }).ended;
  const [careful, other] = bed.node.phones.received(BOB);
  expect(careful!.received).not.toContain('15550000001');
  // Without origination_privacy=screen A's wish for privacy hides the virtual number.
  expect(other).toMatchObject({ callerNumber: 'anonymous' });
});

it('plays each party its own file, answers A last, and records from the joining on', async () => {
  const sounds = join(import.meta.dirname, '../../../freeswitch/sounds/en');
  const recording = join(import.meta.dirname, 'never-written.wav');
  let path = recording;
  const whisper = `group_confirm_key=exec,group_confirm_file=playback ${sounds}/wrong-pin.wav,group_confirm_timeout=120`;
  bed = await startNode([
    () => {
      const played = { masking_play_a: `${sounds}/enter-pin.wav` };
      const answer = connectToBob(['carrier-a'], played, { record: path });
      return { ...answer, masking_dial_then: answer['masking_dial_then']!.replace('{', `{${whisper},`) };
    },
  ]);
  path = join(bed.dir, 'recordings', 'one.wav');
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 500 });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.answered).toBe(true);
  // A file before the answer opens early media, so A hears our own ringing.
  expect(call.provisionals).toEqual([183]);
  expect(call.heard.map((file) => file.name)).toEqual(['enter-pin']);
  const [received] = bed.node.phones.received(BOB);
  expect(received!.heard).toMatchObject([{ name: 'wrong-pin', completed: true }]);
  await bed.events.event('CHANNEL_BRIDGE');
  await sleep(200);
  call.hangup();
  const end = await call.ended;
  await bed.events.event('RECORD_STOP', (event) => event['Record-File-Path'] === path);
  const length = wavDurationMs(await readFile(path));
  expect(Math.abs(length! - end.talkMs)).toBeLessThan(600);
});

it('ends at the time limit, both legs with the same cause', async () => {
  bed = await startNode([() => connectToBob(['carrier-a'], {}, { limit: 3 })]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0 });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', cause: 'ALLOTTED_TIMEOUT' });
  const [received] = bed.node.phones.received(BOB);
  const b = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === received!.uuid,
  );
  expect(b).toMatchObject({
    'Hangup-Cause': 'ALLOTTED_TIMEOUT',
    variable_sip_hangup_disposition: 'send_bye',
  });
});
