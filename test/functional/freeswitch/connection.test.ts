import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EslConnection, type ConnectionOptions } from '../../../src/freeswitch/connection.js';
import type { EslEvent } from '../../../src/freeswitch/event.js';
import {
  eventMessage,
  FakeEventSocket,
  keepingLog,
  type FakePeer,
  type FakeScript,
} from './fake-event-socket.js';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function fakeWith(script?: FakeScript, greeting?: string): Promise<FakeEventSocket> {
  const fake = await FakeEventSocket.start(script, greeting);
  closers.push(() => fake.stop());
  return fake;
}

function connectionTo(fake: FakeEventSocket, options: Partial<ConnectionOptions> = {}): EslConnection {
  const { log } = keepingLog();
  const connection = new EslConnection({
    host: '127.0.0.1',
    port: fake.port,
    password: 'secret',
    log,
    ...options,
  });
  closers.push(() => connection.close());
  return connection;
}

async function opened(
  script?: FakeScript,
  options?: Partial<ConnectionOptions>,
): Promise<[EslConnection, FakePeer]> {
  const fake = await fakeWith(script);
  const connection = connectionTo(fake, options);
  await connection.open();
  return [connection, fake.peers[0]!];
}

/** The code with which a promise is rejected; fails when it is not. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was not rejected'),
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

function closed(connection: EslConnection): Promise<Error | undefined> {
  return new Promise((resolve) => connection.on('closed', resolve));
}

/** Answers every command at once. */
const obedient: FakeScript = (command, peer) => {
  if (command.line.startsWith('api ')) peer.apiReply(command.line.slice(4));
  else peer.reply('+OK');
};

describe('the defects of modesl 1.2.1', () => {
  it('1: a command with headers and a body is one write', async () => {
    const [connection, peer] = await opened(obedient);
    const before = peer.reads;
    await connection.execute('u-1', 'playback', 'a.wav');
    expect(peer.reads - before).toBe(1);
    expect(peer.commands.at(-1)).toMatchObject({ line: 'sendmsg u-1', body: 'a.wav' });
  });

  it('2: the reply of a sendmsg goes to its own caller, not to the next command', async () => {
    const [connection] = await opened((command, peer) => peer.reply(`+OK ${command.line}`));
    const replies = await Promise.all([
      connection.command('filter A'),
      connection.execute('u-1', 'park').then(() => undefined),
      connection.command('filter B'),
    ]);
    expect(replies.map((reply) => reply?.headers['Reply-Text'])).toEqual([
      '+OK filter A',
      undefined,
      '+OK filter B',
    ]);
  });

  it.each(['Andr%E9', 'Andr\u00e9 %', '%F0%9F%98', '100%'])(
    '3: a header %s does not end the connection',
    async (text) => {
      const [connection] = await opened((_command, peer) =>
        peer.send(`Content-Type: command/reply\nReply-Text: +OK ${text}\n\n`),
      );
      const reply = await connection.command('filter A');
      expect(reply.headers['Reply-Text']).toBe(`+OK ${text}`);
    },
  );

  it('3: an event that is not UTF-8 is delivered with U+FFFD', async () => {
    const [connection, peer] = await opened();
    const event = new Promise<EslEvent>((resolve) => connection.on('event', resolve));
    peer.send(eventMessage(Buffer.from('{"Caller-Caller-ID-Name":"Andr\xe9","List":["a","b"]}', 'latin1')));
    expect(await event).toEqual({ 'Caller-Caller-ID-Name': 'Andr\ufffd', List: ['a', 'b'] });
  });

  it('4: a refusal settles execute, bgapi and command', async () => {
    const [connection] = await opened((_command, peer) =>
      peer.reply('-ERR invalid session id [+15550001001]'),
    );
    const errors = await Promise.allSettled([
      connection.execute('u-1', 'park'),
      connection.bgapi('originate x', 5_000),
      connection.command('filter A'),
    ]);
    for (const error of errors) {
      expect(error).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ESL_REFUSED' } });
      expect(String((error as PromiseRejectedResult).reason)).not.toContain('15550001001');
    }
  });

  it('5: an api that is refused by a command/reply does not shift the next api', async () => {
    const [connection] = await opened((command, peer) => {
      if (command.line === 'api one') peer.reply('-ERR not allowed');
      else peer.apiReply('two');
    });
    const [one, two] = await Promise.allSettled([connection.api('one'), connection.api('two')]);
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ESL_REFUSED' } });
    expect(two).toEqual({ status: 'fulfilled', value: 'two' });
  });

  it('6: everything that waits is rejected when the peer closes', async () => {
    const [connection, peer] = await opened((command, from) => {
      if (command.line.startsWith('bgapi')) from.reply('+OK');
    });
    const job = connection.bgapi('originate x', 60_000);
    await vi.waitFor(() => expect(connection.pending).toBe(0));
    const codes = Promise.all([job, connection.api('x'), connection.execute('u-1', 'park')].map(codeOf));
    await vi.waitFor(() => expect(connection.pending).toBe(2));
    peer.socket.end();
    expect(await codes).toEqual(['ERR_ESL_CLOSED', 'ERR_ESL_CLOSED', 'ERR_ESL_CLOSED']);
    expect(connection.state).toBe('closed');
    expect(await codeOf(connection.api('y'))).toBe('ERR_ESL_CLOSED');
  });

  it('7, 8: a reset closes the connection and nothing is thrown', async () => {
    const [connection, peer] = await opened();
    const cause = closed(connection);
    const pending = codeOf(connection.api('x'));
    await vi.waitFor(() => expect(peer.commands).toHaveLength(2));
    peer.socket.resetAndDestroy();
    expect(await cause).toMatchObject({ code: 'ERR_ESL_CLOSED' });
    expect(await pending).toBe('ERR_ESL_CLOSED');
    connection.close();
  });

  it('9: a wrong password is an error of open', async () => {
    const fake = await fakeWith();
    const { lines, log } = keepingLog();
    expect(await codeOf(connectionTo(fake, { password: 'wr0ng-word', log }).open())).toBe('ERR_ESL_AUTH');
    expect(lines.join()).not.toContain('wr0ng-word');
  });

  it('9: a peer that never greets, never answers or refuses the port is an error of open', async () => {
    const silent = await fakeWith(undefined, '');
    expect(await codeOf(connectionTo(silent, { connectTimeoutMs: 50 }).open())).toBe('ERR_ESL_CONNECT');
    expect(await codeOf(connectionTo(silent, { port: 1 }).open())).toBe('ERR_ESL_CONNECT');
  });

  it('9: an access list that refuses us is an error of open', async () => {
    const fake = await fakeWith(
      undefined,
      'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
    );
    expect(await codeOf(connectionTo(fake).open())).toBe('ERR_ESL_CONNECT');
  });

  it('9: a command without a reply is rejected at its deadline; its late reply reaches nobody', async () => {
    const [connection, peer] = await opened(() => undefined);
    expect(await codeOf(connection.api('one', 30))).toBe('ERR_ESL_TIMEOUT');
    expect(connection.pending).toBe(1);
    const two = connection.api('two');
    peer.apiReply('late');
    peer.apiReply('mine');
    expect(await two).toBe('mine');
    expect(connection.pending).toBe(0);
  });

  it.each(['\n', '\r', '\r\n', '\0'])(
    '10: %j in a command or a header throws and nothing is written',
    async (bad) => {
      const [connection, peer] = await opened(obedient);
      const injection = `x${bad}${bad}api fsctl shutdown`;
      expect(await codeOf(connection.api(injection))).toBe('ERR_ESL_COMMAND');
      expect(await codeOf(connection.bgapi(injection, 100))).toBe('ERR_ESL_COMMAND');
      expect(await codeOf(connection.command(injection))).toBe('ERR_ESL_COMMAND');
      expect(await codeOf(connection.command('filter A', { headers: { a: injection } }))).toBe(
        'ERR_ESL_COMMAND',
      );
      expect(await codeOf(connection.execute(injection, 'park'))).toBe('ERR_ESL_COMMAND');
      expect(await codeOf(connection.execute('u-1', injection))).toBe('ERR_ESL_COMMAND');
      await connection.api('after');
      expect(peer.commands.map((command) => command.line)).toEqual(['auth secret', 'api after']);
    },
  );

  it('10: a line break in an application argument stays inside the body', async () => {
    const [connection, peer] = await opened(obedient);
    await connection.execute('u-1', 'set', 'pin=1\n\napi fsctl shutdown');
    await connection.api('after');
    expect(peer.commands.map((command) => command.line)).toEqual(['auth secret', 'sendmsg u-1', 'api after']);
    expect(peer.commands[1]!.body).toBe('pin=1\n\napi fsctl shutdown');
  });

  it('11: nothing is subscribed to that was not asked for', async () => {
    const [connection, peer] = await opened(obedient);
    await connection.subscribe(['HEARTBEAT', 'CHANNEL_ANSWER']);
    expect(peer.commands.map((command) => command.line)).toEqual([
      'auth secret',
      'event json HEARTBEAT CHANNEL_ANSWER',
    ]);
  });

  it('12: a body of 8 MiB arrives, one of more closes the connection', async () => {
    const [connection, peer] = await opened();
    const whole = connection.api('big', 20_000);
    const body = 'x'.repeat(8 * 1024 * 1024);
    peer.apiReply(body);
    expect((await whole).length).toBe(body.length);
    const cause = closed(connection);
    peer.send(`Content-Type: api/response\nContent-Length: ${body.length + 1}\n\n`);
    expect(await cause).toMatchObject({ code: 'ERR_ESL_TOO_LARGE' });
  });

  it('13: a flood of empty messages in one read does no more than close the connection', async () => {
    const [connection, peer] = await opened();
    peer.send('\n'.repeat(60_000));
    await closed(connection).then((cause) => expect(cause).toMatchObject({ code: 'ERR_ESL_PROTOCOL' }));
  });

  it('14: thousands of events in a row are delivered in order', async () => {
    const [connection, peer] = await opened();
    const seen: string[] = [];
    connection.on('event', (event) => void seen.push(String(event['N'])));
    for (let n = 0; n < 5_000; n += 1) peer.event({ N: String(n) });
    await vi.waitFor(() => expect(seen).toHaveLength(5_000), 10_000);
    expect(seen).toEqual(Array.from({ length: 5_000 }, (_value, n) => String(n)));
  });
});

describe('connection', () => {
  it('survives fragmentation at every byte', async () => {
    const [connection, peer] = await opened();
    const events: EslEvent[] = [];
    connection.on('event', (event) => void events.push(event));
    const message = eventMessage(Buffer.from(JSON.stringify({ Name: 'Андрей \u{1f600}' })));
    for (let split = 1; split < message.length; split += 1) {
      peer.send(message.subarray(0, split));
      await delay(0);
      peer.send(message.subarray(split));
    }
    await vi.waitFor(() => expect(events).toHaveLength(message.length - 1), 10_000);
    expect(new Set(events.map((event) => event['Name']))).toEqual(new Set(['Андрей \u{1f600}']));
  });

  it('resolves a background job by its own id, whatever comes before', async () => {
    const [connection] = await opened((command, peer) => {
      const id = command.headers['job-uuid'];
      peer.event({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': 'of-another', _body: '-ERR not yours' });
      peer.event({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': id, _body: `+OK ${command.line}` });
      peer.reply(`+OK Job-UUID: ${String(id)}`);
    });
    const results = await Promise.all([connection.bgapi('one', 5_000), connection.bgapi('two', 5_000)]);
    expect(results).toEqual(['+OK bgapi one', '+OK bgapi two']);
  });

  it('rejects a job without a result at its deadline', async () => {
    const [connection] = await opened(obedient);
    expect(await codeOf(connection.bgapi('originate x', 40))).toBe('ERR_ESL_TIMEOUT');
  });

  it('bounds what waits', async () => {
    const [connection] = await opened(() => undefined, { maxPending: 2 });
    const waiting = [connection.api('1', 50), connection.api('2', 50)].map(codeOf);
    expect(await codeOf(connection.api('3'))).toBe('ERR_ESL_QUEUE_FULL');
    expect(await Promise.all(waiting)).toEqual(['ERR_ESL_TIMEOUT', 'ERR_ESL_TIMEOUT']);
    // Timed-out commands keep their slots: their replies may still come.
    expect(await codeOf(connection.api('4'))).toBe('ERR_ESL_QUEUE_FULL');
  });

  it('closes loudly on a reply that nobody waits for', async () => {
    const [connection, peer] = await opened();
    const cause = closed(connection);
    peer.reply('+OK');
    expect(await cause).toMatchObject({ code: 'ERR_ESL_PROTOCOL' });
  });

  it('keeps reading when a listener throws or rejects', async () => {
    const { lines, log } = keepingLog();
    const [connection, peer] = await opened(undefined, { log });
    const seen: unknown[] = [];
    connection.on('event', () => {
      throw new Error('thrown');
    });
    connection.on('event', () => Promise.reject(new Error('rejected')));
    connection.on('event', (event) => void seen.push(event['N']));
    peer.event({ N: '1' });
    peer.event({ N: '2' });
    await vi.waitFor(() => expect(seen).toEqual(['1', '2']));
    await vi.waitFor(() => expect(lines.filter((line) => /thrown|rejected/.test(line))).toHaveLength(4));
  });

  it('skips an event that is no JSON object', async () => {
    const [connection, peer] = await opened();
    const event = new Promise<EslEvent>((resolve) => connection.on('event', resolve));
    for (const bad of ['{', '[]', 'null', '"x"']) peer.send(eventMessage(Buffer.from(bad)));
    peer.event({ N: '1' });
    expect(await event).toEqual({ N: '1' });
  });

  it.each(['abc', '-5', '1e3'])('refuses Content-Length %s', async (length) => {
    const [connection, peer] = await opened();
    const cause = closed(connection);
    peer.send(`Content-Type: text/event-json\nContent-Length: ${length}\n\n`);
    expect(await cause).toMatchObject({ code: 'ERR_ESL_PROTOCOL' });
  });
});
