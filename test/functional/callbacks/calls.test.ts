import { readFile } from 'node:fs/promises';

import plivo from 'plivo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { answers, hangs, Receiver } from '../../helpers/receiver.js';
import { SimBed } from '../../helpers/sim-bed.js';
import type { Lane } from '../../scenarios/bed.js';
import { PIN, pinSession } from '../../scenarios/scenario.js';
import { eventually } from './fixture.js';

type Fields = Readonly<Record<string, string>>;

let bed: SimBed;
let lane: Lane;
const lanes: Lane[] = [];
let receiver: Receiver;

beforeAll(async () => {
  bed = await SimBed.start({ controllers: 2, environment: { CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8' } });
}, 60_000);
afterAll(() => bed.close());
beforeEach(async () => {
  lane = await bed.lane();
  lanes.push(lane);
  receiver = await Receiver.start();
});
afterEach(() => receiver.close());

/** What the receiver was told, once it has `count`, in the order of the sequence numbers, which have no gaps. */
async function told(count: number, deadlineMs = 30_000): Promise<readonly Fields[]> {
  await eventually(() => receiver.told.length >= count, deadlineMs);
  const fields = receiver.told.map((each) => each.fields);
  const order = [...fields].sort((a, b) => Number(a['SequenceNumber']) - Number(b['SequenceNumber']));
  expect(order.map((each) => Number(each['SequenceNumber']))).toEqual(order.map((_, index) => index + 1));
  expect(order).toHaveLength(count);
  return order;
}

const namesOf = (events: readonly Fields[]): string[] =>
  events.map((fields) => (fields['EventName'] ?? '').replace(/^Session/, ''));

const digits = (number: string): string => number.replace('+', '');

describe('the receiver of a session hears of', () => {
  it('a call of a registered caller', async () => {
    const session = await lane.session({ callback_url: receiver.url() });
    await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
    await lane.call({ from: lane.first, steps: [{ wait: 1_200 }, { hangup: true }] });
    const events = await told(6);
    expect(namesOf(events.slice(0, 1))).toEqual(['SecondPartyRing']);
    expect(namesOf(events.slice(1, 3)).sort()).toEqual(['FirstPartyAnswer', 'SecondPartyAnswer']);
    expect(namesOf(events.slice(3, 5)).sort()).toEqual(['FirstPartyHangup', 'SecondPartyHangup']);
    expect(namesOf(events.slice(5))).toEqual(['PartiesHangup']);
    for (const event of events) {
      expect(event).toMatchObject({
        SessionUUID: session.id,
        From: digits(lane.first),
        To: digits(lane.second),
        VirtualNumber: digits(lane.did),
      });
    }
    expect(events[5]).toMatchObject({ PlivoHangupCause: 'Normal Hangup', PlivoHangupCauseCode: '4000' });
    expect(Number(events[5]!['BilledDuration'])).toBeGreaterThan(0);
  });

  it('a call with a PIN, of somebody unknown', async () => {
    await lane.session(pinSession(lane, { callback_url: receiver.url() }));
    await lane.callee(lane.second, { kind: 'answer', afterMs: 300, talkMs: 600 });
    await lane.call({ from: lane.stranger, steps: [{ wait: 1_500 }, { press: PIN }, { wait: 10_000 }] });
    const events = await told(7);
    expect(namesOf(events.slice(0, 4))).toEqual([
      'PinAuthenticationStatus',
      'FirstPartyAnswer',
      'SecondPartyRing',
      'SecondPartyAnswer',
    ]);
    expect(events[0]).toMatchObject({
      PinAuthenticationStatus: 'success',
      PinRetryCounter: '0',
      From: digits(lane.stranger),
      To: '',
    });
    expect(events[1]).toMatchObject({ From: digits(lane.stranger), To: digits(lane.second) });
    expect(namesOf(events.slice(4, 6)).sort()).toEqual(['FirstPartyHangup', 'SecondPartyHangup']);
    expect(namesOf(events.slice(6))).toEqual(['PartiesHangup']);
  });

  it('wrong PINs, one event an attempt', async () => {
    await lane.session(pinSession(lane, { callback_url: receiver.url() }));
    await lane.call({
      from: lane.stranger,
      steps: [{ wait: 1_500 }, { press: '9999' }, { wait: 3_500 }, { press: '8888' }],
    });
    const events = await told(2);
    expect(events).toMatchObject([
      {
        EventName: 'SessionPinAuthenticationStatus',
        PinAuthenticationStatus: 'failed',
        PinRetryCounter: '0',
        From: digits(lane.stranger),
      },
      { PinAuthenticationStatus: 'failed', PinRetryCounter: '1', From: digits(lane.stranger) },
    ]);
    expect(JSON.stringify(receiver.told)).not.toMatch(/9999|8888/);
  });

  it('a caller who is known where others need a PIN', async () => {
    await lane.session(pinSession(lane, { callback_url: receiver.url() }));
    await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 200 });
    await lane.call({ from: lane.first });
    const [first] = await told(5);
    expect(first).toMatchObject({
      EventName: 'SessionPinAuthenticationStatus',
      PinAuthenticationStatus: 'AuthorizedCaller',
      PinRetryCounter: '0',
      From: digits(lane.first),
    });
  });

  it.each([
    ['is busy', { kind: 'refuse', status: 486, afterMs: 300 }, 'Busy Line', '3010'],
    ['does not answer', { kind: 'ring' }, 'Ring Timeout Reached', '6010'],
  ] as const)('a second party that %s', async (_, behaviour, cause, code) => {
    await lane.session({ callback_url: receiver.url(), callback_method: 'GET', ring_timeout: 5 });
    await lane.callee(lane.second, behaviour);
    await lane.call({ from: lane.first });
    const events = await told(4);
    expect(namesOf(events)[0]).toBe('SecondPartyRing');
    expect(namesOf(events.slice(1, 3)).sort()).toEqual(['FirstPartyHangup', 'SecondPartyHangup']);
    expect(events.find(({ EventName }) => EventName === 'SessionSecondPartyHangup')).toMatchObject({
      PlivoHangupCause: cause,
      PlivoHangupCauseCode: code,
      BilledDuration: '0',
      Duration: '0',
    });
    expect(events[3]).toMatchObject({
      EventName: 'SessionPartiesHangup',
      PlivoHangupCause: cause,
      PlivoHangupCauseCode: code,
    });
  });

  it('a second party that calls the first: its phone has no ring event', async () => {
    await lane.session({ callback_url: receiver.url() });
    await lane.callee(lane.first, { kind: 'answer', afterMs: 300, talkMs: 500 });
    await lane.call({ from: lane.second, steps: [{ wait: 10_000 }] });
    const events = await told(5);
    expect(namesOf(events)).not.toContain('SecondPartyRing');
    for (const event of events) {
      expect(event).toMatchObject({ From: digits(lane.second), To: digits(lane.first) });
    }
  });

  it('a call that a trunk failed and the next one carried: one end of the second party', async () => {
    await lane.session({ callback_url: receiver.url() });
    await lane.trunkIs('refusing');
    await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
    await lane.call({ from: lane.first, steps: [{ wait: 1_000 }, { hangup: true }] });
    const names = namesOf(await told(6));
    expect(names.filter((name) => name === 'SecondPartyHangup')).toHaveLength(1);
  });

  it('a recording, at its own URL', async () => {
    const session = await lane.session({
      record: true,
      record_file_format: 'wav',
      recording_callback_url: receiver.url('/recording'),
    });
    await lane.callee(lane.second, { kind: 'answer', afterMs: 300 });
    await lane.call({ from: lane.first, steps: [{ wait: 2_000 }, { hangup: true }] });
    const events = await told(2);
    const [interaction] = await lane.interactions(session.id, 1);
    expect(namesOf(events)).toEqual(['RecordingInitiated', 'RecordingCompleted']);
    expect(events[0]).toMatchObject({
      RecordingUUID: interaction!.id,
      RecordingURL: '',
      RecordingDuration: '',
      RecordingEndTime: '',
      RecordingFormat: '.wav',
      From: digits(lane.first),
      To: digits(lane.second),
    });
    expect(events[1]).toMatchObject({ RecordingUUID: interaction!.id, RecordingFormat: '.wav' });
    expect(events[1]!['RecordingURL']).toContain(interaction!.id);
    expect(events[1]!['RecordingResourceURL']).toContain(`/Recording/${interaction!.id}`);
    expect(Number(events[1]!['RecordingDuration'])).toBeGreaterThan(0);
    expect(receiver.told.every(({ target }) => target === '/recording')).toBe(true);
  });
});

it("signatures hold for the account's token", async () => {
  await lane.session({ callback_url: receiver.url('/hook?a=b') });
  await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 200 });
  await lane.call({ from: lane.first });
  await told(4);
  for (const { method, target, headers, fields } of receiver.told) {
    const url = `http://127.0.0.1:${receiver.port}${target}`;
    const random = headers['x-plivo-signature-v3-nonce'] ?? '';
    const given = headers['x-plivo-signature-v3'] ?? '';
    expect(plivo.validateV3Signature(method, url, random, bed.stack.authToken, given, fields)).toBe(true);
  }
});

it('what was told can be read and sent again over the API', async () => {
  const session = await lane.session({ callback_url: receiver.url() });
  await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 200 });
  await lane.call({ from: lane.first });
  await told(4);
  const path = `/Masking/Session/${session.id}/Callback`;
  const page = await bed.stack.api('GET', `${path}/?limit=3`);
  expect(page).toMatchObject({ status: 200, body: { meta: { total_count: 4, offset: 0, limit: 3 } } });
  const again = await bed.stack.api('POST', `${path}/1`);
  expect(again.status).toBe(202);
  await eventually(() => receiver.told.length === 5);
  expect(receiver.told[4]!.fields).toEqual(
    receiver.told.find(({ fields }) => fields['SequenceNumber'] === '1')!.fields,
  );
});

it('a controller that is killed in the middle of its deliveries leaves them to the other', async () => {
  receiver.answering = hangs;
  await lane.session({ callback_url: receiver.url('/#rc=0') });
  await lane.callee(lane.second, { kind: 'refuse', status: 486, afterMs: 200 });
  await lane.call({ from: lane.first });
  // As many as a controller begins at once with a receiver that it does not know yet; the others wait their turn.
  await eventually(() => receiver.told.length >= 2);
  await bed.killController(0);
  await bed.killController(1);
  receiver.told.length = 0;
  receiver.answering = answers(200);
  await bed.startController(1);
  // A dead controller's deliveries are taken over once their locks are over: up to 15 s, looked for each 7.5 s.
  await told(4, 90_000).finally(() => bed.startController(0));
}, 120_000);

it('no number, URL or token is in the log', async () => {
  const logs = await Promise.all(bed.stack.controllers.map(({ logFile }) => readFile(logFile, 'utf8')));
  const all = logs.join('');
  expect(all).toContain('a callback was taken');
  const people = lanes.flatMap(({ first, second, stranger }) => [first, second, stranger].map(digits));
  for (const secret of [bed.stack.authToken, '/hook', ...people]) expect(all).not.toContain(secret);
});
