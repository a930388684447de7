import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { SimEvent } from './event-client.js';
import { ALICE, BOB, connectToBob, DID, startNode, type TestNode } from './node.js';

/**
 * Header names that a FreeSWITCH 1.10.12 gave in the same calls, recorded. Left out are the variables
 * about RTP, codecs and SIP transport, which the simulation does not have.
 */
const real = JSON.parse(
  await readFile(join(import.meta.dirname, 'real-header-names.json'), 'utf8'),
) as Record<string, string[]>;

/** Variables of the recorded calls' own dialplan, and others that only their course of events explains. */
const ONLY_THERE = [
  /^variable_(DP_MATCH|masking_|switch_|sip_h_X-Marker|execute_on_answer|record_|RECORD_|ignore_early_media|last_sent)/,
  /^variable_(max_forwards|last_app|last_arg|current_application|current_application_data|progress_media_)/,
  /^variable_(transfer_history|transfer_source|leg_timeout|originate_timeout|fail_on_single_reject|continue_on_fail|hangup_after_bridge)/,
  /^variable_(rtp|sip_invite_failure|sip_hangup_phrase|last_bridge_role|bridge_hangup_cause|caller_id|socket_host)/,
  /^Caller-(Callee-ID|RDNIS|Transfer-Source)|^Other-Leg-(Callee-ID|RDNIS|Transfer-Source)/,
  /^Channel-(Read|Write)-Codec/,
];

let bed: TestNode;
afterEach(() => bed.close());

function expectAlike(key: string, event: SimEvent): void {
  const names = real[key];
  expect(names, key).toBeDefined();
  const missing = names!.filter(
    (name) => !(name in event) && !ONLY_THERE.some((pattern) => pattern.test(name)),
  );
  expect(missing, `${key}: the simulation lacks`).toEqual([]);
  const invented = Object.keys(event).filter(
    (name) =>
      !name.startsWith('variable_') &&
      !names!.includes(name) &&
      !/RDNIS|Transfer-Source|Callee-ID/.test(name),
  );
  expect(invented, `${key}: the simulation invents`).toEqual([]);
}

const of = (uuid: string) => (event: SimEvent) => event['Unique-ID'] === uuid;

it('gives the headers of the real one in a call that is joined', async () => {
  bed = await startNode([() => connectToBob()], { heartbeatMs: 500 });
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 700 });
  const call = bed.node.place({ from: ALICE, to: DID, displayName: 'Alice Test' });
  expectAlike('CHANNEL_BRIDGE a', await bed.events.event('CHANNEL_BRIDGE'));
  const b = bed.node.phones.received(BOB)[0]!.uuid;
  const shown = JSON.parse(await bed.events.command('api show channels as json')) as { rows: object[] };
  expect(Object.keys(shown.rows[0]!)).toEqual(real['show channels']);
  await bed.events.command('bgapi status\nJob-UUID: job');
  call.hangup();
  expectAlike('CHANNEL_PROGRESS b', await bed.events.event('CHANNEL_PROGRESS', of(b)));
  expectAlike('CHANNEL_ANSWER b', await bed.events.event('CHANNEL_ANSWER', of(b)));
  expectAlike('CHANNEL_HANGUP_COMPLETE b', await bed.events.event('CHANNEL_HANGUP_COMPLETE', of(b)));
  expectAlike('CHANNEL_HANGUP_COMPLETE a', await bed.events.event('CHANNEL_HANGUP_COMPLETE', of(call.uuid)));
  expectAlike('HEARTBEAT', await bed.events.event('HEARTBEAT'));
  expectAlike('BACKGROUND_JOB', await bed.events.event('BACKGROUND_JOB'));
});

it('gives the headers of the real one when B is busy', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'refuse', status: 486, afterMs: 0 });
  const call = bed.node.place({ from: ALICE, to: DID, displayName: 'Alice Test' });
  await call.ended;
  const b = bed.node.phones.received(BOB)[0]!.uuid;
  expectAlike('CHANNEL_HANGUP_COMPLETE busy b', await bed.events.event('CHANNEL_HANGUP_COMPLETE', of(b)));
  expectAlike(
    'CHANNEL_HANGUP_COMPLETE busy a',
    await bed.events.event('CHANNEL_HANGUP_COMPLETE', of(call.uuid)),
  );
});
