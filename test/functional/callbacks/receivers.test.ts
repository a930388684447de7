import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AddressGuard } from '../../../src/outbound/address-guard.js';
import { ReceiverClient, type ReceiverAnswer } from '../../../src/callbacks/receiver-client.js';
import { rulesOf } from '../../../src/callbacks/delivery-rules.js';
import { answers, drips, hangs, Receiver } from '../../helpers/receiver.js';
import { sparePort } from '../../../sandbox/spare-port.js';
import { CallbackBed, SETTINGS, TOKENS } from './fixture.js';

const EVENTS = 6;

let bed: CallbackBed;
let receiver: Receiver;
beforeAll(async () => {
  bed = await CallbackBed.start();
});
afterAll(() => bed.close());
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver.close());

/** The attempts at one callback of a call whose session has this URL. */
async function attemptsAt(url: string): Promise<{ state: string; errors: string[]; times: number[] }> {
  const session = await bed.session({ callbackUrl: url });
  await bed.call(session);
  const [first] = await bed.settled(session, EVENTS);
  return {
    state: first!.state,
    errors: first!.attempts.map(({ error }) => error),
    times: first!.attempts.map(({ durationMs }) => durationMs),
  };
}

describe('a receiver that', () => {
  beforeAll(() => {
    bed.callbacks({ receiverConcurrency: 32 });
  });

  it('hangs is given up after the read timeout, and tried again', async () => {
    receiver.answering = hangs;
    const { state, errors, times } = await attemptsAt(receiver.url('/#rt=300'));
    expect({ state, errors }).toEqual({
      state: 'failed',
      errors: ['ERR_CALLBACK_READ_TIMEOUT', 'ERR_CALLBACK_READ_TIMEOUT'],
    });
    expect(Math.min(...times)).toBeGreaterThanOrEqual(295);
  });

  it('drips the head of its answer one byte a second is given up as well', async () => {
    receiver.answering = drips;
    const { state, errors } = await attemptsAt(receiver.url('/#rt=1500&rc=0'));
    expect({ state, errors }).toEqual({ state: 'failed', errors: ['ERR_CALLBACK_READ_TIMEOUT'] });
  });

  it('drips its body has answered: the rest is not waited for', async () => {
    receiver.answering = (_told, response) => {
      response.writeHead(200).write('taken');
      const timer = setInterval(() => response.write('.'), 1_000);
      response.on('close', () => clearInterval(timer));
    };
    const { state, times } = await attemptsAt(receiver.url());
    expect(state).toBe('delivered');
    expect(times[0]).toBeLessThan(5_000);
  });

  it('answers with a body without an end is read up to a bound', async () => {
    receiver.answering = (_told, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    };
    const session = await bed.session({ callbackUrl: receiver.url() });
    await bed.call(session);
    const [first] = await bed.settled(session, EVENTS);
    expect(first!.state).toBe('delivered');
    expect(first!.attempts[0]!.answer).toBe('x'.repeat(1_024));
  });

  it('takes longer than the total timeout is given up', async () => {
    receiver.answering = hangs;
    const { errors } = await attemptsAt(receiver.url('/#tt=300&rc=0'));
    expect(errors).toEqual(['ERR_CALLBACK_TOTAL_TIMEOUT']);
  });

  it('answers 500 is not tried again, as with Plivo', async () => {
    receiver.answering = answers(500, 'oh no');
    expect(await attemptsAt(receiver.url())).toMatchObject({
      state: 'failed',
      errors: ['ERR_CALLBACK_STATUS'],
    });
  });

  it('answers 500 is tried again where the URL says so, and no more once it answers 200', async () => {
    let requests = 0;
    receiver.answering = (told, response) => {
      if (told.fields['SequenceNumber'] === '1') requests += 1;
      response.writeHead(requests < 3 ? 500 : 200).end();
    };
    expect(await attemptsAt(receiver.url('/#rc=5&rp=5xx'))).toMatchObject({
      state: 'delivered',
      errors: ['ERR_CALLBACK_STATUS', 'ERR_CALLBACK_STATUS', ''],
    });
  });

  it('closes the connection without an answer is tried again', async () => {
    receiver.answering = (_told, { socket }) => socket?.destroy();
    expect(await attemptsAt(receiver.url())).toMatchObject({
      state: 'failed',
      errors: ['ERR_CALLBACK_READ', 'ERR_CALLBACK_READ'],
    });
  });

  it('is not there is tried again', async () => {
    expect(await attemptsAt(`http://127.0.0.1:${await sparePort()}/`)).toMatchObject({
      state: 'failed',
      errors: ['ERR_CALLBACK_CONNECT', 'ERR_CALLBACK_CONNECT'],
    });
  });

  it('redirects is not followed', async () => {
    const other = await Receiver.start();
    receiver.answering = answers(307, '', { location: other.url() });
    expect(await attemptsAt(receiver.url())).toMatchObject({
      state: 'failed',
      errors: ['ERR_CALLBACK_REDIRECT'],
    });
    expect(other.told).toEqual([]);
    await other.close();
  });
});

describe('the address of a receiver', () => {
  const REQUEST = { method: 'POST' as const, parameters: [['EventName', 'SessionTimeout']] as const };
  const send = (client: ReceiverClient, url: string): Promise<ReceiverAnswer> =>
    client.send({ ...REQUEST, url }, TOKENS, rulesOf(url, SETTINGS), new AbortController().signal);

  it.each(['http://127.0.0.1:PORT/', 'http://[::ffff:127.0.0.1]:PORT/', 'http://localhost:PORT/'])(
    'is refused when it is private: %s',
    async (pattern) => {
      const url = pattern.replace('PORT', String(receiver.port));
      const answer = await send(new ReceiverClient(new AddressGuard([])), url);
      expect(answer).toMatchObject({ status: null, error: { code: 'ERR_CALLBACK_ADDRESS', failure: null } });
      expect(receiver.told).toEqual([]);
    },
  );

  it('is the one of this very connection: a name that turns private after the first look-up is refused', async () => {
    const looked: string[] = [];
    // 127.0.0.2 stands for a public address: the receiver is there at first.
    const guard = new AddressGuard(['127.0.0.2'], (host, callback) => {
      looked.push(host);
      callback(null, [{ address: looked.length === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
    });
    const open = await Receiver.start('127.0.0.2');
    const client = new ReceiverClient(guard);
    expect(await send(client, `http://receiver.example:${open.port}/`)).toMatchObject({ status: 200 });
    const second = await send(client, `http://receiver.example:${receiver.port}/`);
    expect(second.error?.code).toBe('ERR_CALLBACK_ADDRESS');
    expect(looked).toEqual(['receiver.example', 'receiver.example']);
    expect(receiver.told).toEqual([]);
    await open.close();
  });
});
