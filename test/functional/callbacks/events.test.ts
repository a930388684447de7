import plivo from 'plivo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Callbacks } from '../../../src/callbacks/callbacks.js';
import { Receiver, type Told } from '../../helpers/receiver.js';
import { leg } from '../store/fixture.js';
import { CallbackBed, eventually, TOKENS } from './fixture.js';

let bed: CallbackBed;
let callbacks: Callbacks;
let receiver: Receiver;
beforeAll(async () => {
  bed = await CallbackBed.start();
  callbacks = bed.callbacks();
});
afterAll(() => bed.close());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  // Whatever a test is about: a client that knows Plivo's SDK alone takes everything that it was sent.
  receiver.told.forEach(expectSigned);
  await receiver.close();
});

function expectSigned(told: Told): void {
  const seen = `http://127.0.0.1:${receiver.port}${told.target}`;
  const body = told.method === 'POST' ? told.fields : {};
  for (const [whose, name] of [
    [TOKENS.account, 'x-plivo-signature-v3'],
    [TOKENS.main, 'x-plivo-signature-ma-v3'],
  ] as const) {
    const random = told.headers['x-plivo-signature-v3-nonce'] ?? '';
    const given = told.headers[name] ?? '';
    expect(plivo.validateV3Signature(told.method, seen, random, whose, given, body)).toBe(true);
  }
}

const CALL = [
  'SessionSecondPartyRing',
  'SessionSecondPartyAnswer',
  'SessionFirstPartyAnswer',
  'SessionSecondPartyHangup',
  'SessionFirstPartyHangup',
  'SessionPartiesHangup',
];

function inOrder(told: readonly Told[]): Told[] {
  return [...told].sort((a, b) => Number(a.fields['SequenceNumber']) - Number(b.fields['SequenceNumber']));
}

describe('a call', () => {
  it.each(['POST', 'GET'] as const)('is told in order, with every field, by %s', async (method) => {
    const session = await bed.session({ callbackUrl: receiver.url(), callbackMethod: method });
    await bed.call(session);
    await bed.settled(session, CALL.length);
    const told = inOrder(receiver.told);
    expect(told.map(({ fields }) => fields['EventName'])).toEqual(CALL);
    expect(told.map(({ fields }) => fields['SequenceNumber'])).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(told.every((each) => each.method === method)).toBe(true);
    const { EventTimestamp: at, ...hangup } = told[3]!.fields;
    expect(at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC$/);
    expect(hangup).toEqual({
      EventName: 'SessionSecondPartyHangup',
      SessionUUID: session.id,
      From: session.firstParty!.slice(1),
      To: session.secondParty!.slice(1),
      VirtualNumber: session.virtualNumber.slice(1),
      PinAuthenticationStatus: '',
      PinRetryCounter: '',
      Amount: '0.04',
      BilledDuration: '4',
      Duration: '4',
      PlivoHangupCause: 'Normal Hangup',
      PlivoHangupCauseCode: '4000',
      SequenceNumber: '4',
    });
    expect(told[5]!.fields).toMatchObject({ BilledDuration: '8', Amount: '0.08' });
    expect(told[0]!.fields).toMatchObject({ BilledDuration: '', PlivoHangupCause: '', Amount: '' });
  });

  it("has signatures that Plivo's validator takes, also where the URL has a query", async () => {
    const path = '/hook/a%20b?who=%C3%A9mile&list=2&list=1&empty=#rc=0&er=us';
    for (const method of ['POST', 'GET'] as const) {
      const session = await bed.session({ callbackUrl: receiver.url(path), callbackMethod: method });
      await bed.call(session);
      await bed.settled(session, CALL.length);
    }
    expect(receiver.told).toHaveLength(2 * CALL.length);
    for (const { target } of receiver.told) expect(target).not.toContain('#');
  });

  it('is not told where the session has no callback_url', async () => {
    const silent = await bed.session({});
    await bed.call(silent);
    const told = await bed.session({ callbackUrl: receiver.url() });
    await bed.call(told);
    await bed.settled(told, CALL.length);
    expect(receiver.told).toHaveLength(CALL.length);
    const { total } = await bed.store.callbacks.list(silent.virtualNumber, silent.id, {
      limit: 1,
      offset: 0,
    });
    expect(total).toBe(0);
  });

  it('that is told of twice, by event and by CDR, is told once', async () => {
    const session = await bed.session({ callbackUrl: receiver.url() });
    const id = await bed.call(session);
    const address = {
      node: 'node-1',
      number: session.virtualNumber,
      sessionId: session.id,
      interactionId: id,
    };
    await bed.store.calls.finishLeg(address, leg('a', id));
    await bed.settled(session, CALL.length);
    expect(receiver.told).toHaveLength(CALL.length);
  });
});

describe('the log of a session', () => {
  it('says what was sent, when, and with which answer', async () => {
    receiver.answering = (_told, response) => response.writeHead(201).end('thank you');
    const session = await bed.session({ callbackUrl: receiver.url('/a?token=secret') });
    await bed.call(session);
    const [first] = await bed.settled(session, CALL.length);
    expect(first).toMatchObject({ sequence: 1, state: 'delivered' });
    expect(first!.record).toMatchObject({ method: 'POST', url: receiver.url('/a?token=secret') });
    expect(first!.attempts).toMatchObject([{ status: 201, error: '', answer: 'thank you' }]);
    expect(first!.attempts[0]!.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('has a callback sent once more on demand, and keeps both attempts', async () => {
    receiver.answering = (_told, response) => response.writeHead(404).end('nobody');
    const session = await bed.session({ callbackUrl: receiver.url() });
    await bed.call(session);
    const all = await bed.settled(session, CALL.length);
    expect(all.every(({ state }) => state === 'failed')).toBe(true);
    receiver.answering = (_told, response) => response.writeHead(200).end();
    const address = { number: session.virtualNumber, sessionId: session.id, sequence: 2 };
    expect(await callbacks.resend(address)).toBe(true);
    await eventually(() => receiver.told.length === CALL.length + 1);
    const again = (await bed.settled(session, CALL.length))[1]!;
    expect(again.state).toBe('delivered');
    expect(again.attempts.map(({ status }) => status)).toEqual([404, 200]);
    expect(receiver.told.at(-1)!.fields).toEqual(Object.fromEntries(again.record.parameters));
    expect(await callbacks.resend({ ...address, sequence: 99 })).toBe(false);
  });
});
