import { afterEach, expect, it } from 'vitest';
import { ALICE, BOB, connectToBob, DID, startNode, type TestNode } from './node.js';

let bed: TestNode;
afterEach(() => bed.close());

it.each([
  [486, 'USER_BUSY', 486],
  [603, 'CALL_REJECTED', 603],
  [480, 'NO_USER_RESPONSE', 480],
  [404, 'UNALLOCATED_NUMBER', 503],
])('B answers %i: cause %s, A gets %i, no other trunk', async (status, cause, toCaller) => {
  bed = await startNode([() => connectToBob(['carrier-a', 'carrier-b'])]);
  bed.node.phones.behave(BOB, { kind: 'refuse', status, afterMs: 300 });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', status: toCaller });
  const [received, ...more] = bed.node.phones.received(BOB);
  expect(more).toEqual([]);
  const b = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === received!.uuid,
  );
  expect(b).toMatchObject({
    'Hangup-Cause': cause,
    variable_sip_invite_failure_status: String(status),
    variable_proto_specific_hangup_cause: `sip:${status}`,
    variable_sip_hangup_disposition: 'recv_refuse',
  });
});

it.each(['down', 'silent'] as const)(
  'the first trunk is %s: the next one carries the call',
  async (state) => {
    bed = await startNode(
      [() => connectToBob(['carrier-a', 'carrier-b'], {}, { perLeg: 'leg_timeout=30' })],
      {
        sipTimeoutMs: 3000,
      },
    );
    bed.node.phones.setTrunk('carrier-a', state);
    bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 100, talkMs: 500 });
    const call = bed.node.place({ from: ALICE, to: DID });
    expect(await call.ended).toMatchObject({ status: 200 });
    expect(bed.node.phones.received(BOB)).toMatchObject([{ trunk: 'carrier-b' }]);
    const a = await bed.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['Unique-ID'] === call.uuid);
    expect(a['variable_originate_causes']).toEqual([
      expect.stringContaining(state === 'down' ? 'NORMAL_TEMPORARY_FAILURE' : 'RECOVERY_ON_TIMER_EXPIRE'),
      expect.stringContaining('NONE'),
    ]);
  },
);

it('a trunk that does not exist is passed over', async () => {
  bed = await startNode([() => connectToBob(['nowhere', 'carrier-b'])]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 0, talkMs: 100 });
  expect(await bed.node.place({ from: ALICE, to: DID }).ended).toMatchObject({ status: 200 });
  expect(bed.node.phones.received(BOB)).toMatchObject([{ trunk: 'carrier-b' }]);
});

it.each(['ring', 'silent'] as const)(
  'B does %s: leg_timeout ends it, in N to N+1 epoch seconds',
  async (kind) => {
    bed = await startNode([() => connectToBob(['carrier-a', 'carrier-b'])]);
    bed.node.phones.behave(BOB, { kind });
    const call = bed.node.place({ from: ALICE, to: DID });
    expect(await call.ended).toMatchObject({ by: 'switch', status: 480 });
    expect(call.provisionals).toEqual(kind === 'ring' ? [180] : []);
    const received = bed.node.phones.received(BOB);
    expect(received).toHaveLength(1);
    expect(received[0]!.received).toMatch(/^CANCEL /m);
    const b = await bed.events.event(
      'CHANNEL_HANGUP_COMPLETE',
      (event) => event['Unique-ID'] === received[0]!.uuid,
    );
    expect(b).toMatchObject({
      'Hangup-Cause': 'ALLOTTED_TIMEOUT',
      variable_sip_hangup_disposition: 'send_cancel',
    });
    const rang = Number(b['Caller-Channel-Hangup-Time']) - Number(b['Caller-Channel-Created-Time']);
    expect(rang / 1e6).toBeGreaterThan(5);
    expect(rang / 1e6).toBeLessThan(7);
  },
);

it('B does not even ring: a ring timeout above the 60 s that FreeSWITCH has by itself is kept', async () => {
  const answer = connectToBob(['carrier-a'], {}, { perLeg: 'leg_timeout=70' });
  // A node that keeps the limit by itself is not given it (call_timeout in dialplan/legs.xml).
  const own = { ...answer, masking_dial: answer['masking_dial']!.replace(',originate_timeout=140', '') };
  expect(own).not.toEqual(answer);
  bed = await startNode([() => own], { speed: 50 });
  bed.node.phones.behave(BOB, { kind: 'silent' });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect(await call.ended).toMatchObject({ by: 'switch', status: 480 });
  const b = await bed.events.event(
    'CHANNEL_HANGUP_COMPLETE',
    (event) => event['Unique-ID'] === bed.node.phones.received(BOB)[0]!.uuid,
  );
  expect(b['Hangup-Cause']).toBe('ALLOTTED_TIMEOUT');
  const rang = Number(b['Caller-Channel-Hangup-Time']) - Number(b['Caller-Channel-Created-Time']);
  expect(rang / 1e6).toBeGreaterThan(70);
}, 20_000);

it('A gives up while B rings', async () => {
  bed = await startNode([() => connectToBob()]);
  bed.node.phones.behave(BOB, { kind: 'ring' });
  const call = bed.node.place({ from: ALICE, to: DID, cancelAfterMs: 1500 });
  expect(await call.ended).toMatchObject({ by: 'caller', status: 487 });
  const a = await bed.events.event('CHANNEL_HANGUP_COMPLETE', (event) => event['Unique-ID'] === call.uuid);
  expect(a).toMatchObject({
    'Hangup-Cause': 'ORIGINATOR_CANCEL',
    variable_originate_disposition: 'ORIGINATOR_CANCEL',
  });
  expect(bed.node.phones.received(BOB)[0]!.received).toMatch(/^CANCEL /m);
});

it('B hangs up in its whisper: A hears nothing of it and the call counts as not reached', async () => {
  const answer = connectToBob();
  const whisper = 'group_confirm_key=exec,group_confirm_file=playback wrong-pin.wav';
  answer['masking_dial'] = answer['masking_dial']!.replace('{', `{${whisper},`);
  bed = await startNode([() => answer]);
  bed.node.phones.behave(BOB, { kind: 'answer', afterMs: 100, talkMs: 300 });
  const call = bed.node.place({ from: ALICE, to: DID });
  expect((await call.ended).status).not.toBe(200);
  expect(bed.node.phones.received(BOB)[0]!.heard).toMatchObject([{ name: 'wrong-pin', completed: false }]);
});

it('a call time limit that is armed whatever came of dialling does not cut what a caller hears of a failure', async () => {
  bed = await startNode([
    (asked) =>
      asked.get('scope_variable_masking_question') === 'inbound'
        ? {
            ...{ masking_attempt: '1', masking_prompt: 'enter-pin.wav', masking_max_digits: '6' },
            ...{ masking_wait: '5000', masking_next: 'prompt' },
          }
        : connectToBob(['carrier-a'], {}, { limit: 1 }),
  ]);
  bed.node.phones.behave(BOB, { kind: 'refuse', status: 486, afterMs: 100 });
  const call = bed.node.place({ from: ALICE, to: DID });
  await call.hears('enter-pin');
  await call.press('1234#');
  expect(await call.ended).toMatchObject({ by: 'switch', cause: 'USER_BUSY' });
  expect(call.heard.at(-1)).toMatchObject({ name: 'cannot-connect', completed: true });
});
