import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CdrServer, type CdrServerOptions } from '../../../src/freeswitch/cdr-server.js';
import { keepingLog } from './fake-event-socket.js';

const SECRET = 's3cret-of-the-nodes';
const NUMBER = '15550001001';

const servers: CdrServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

async function serve(options: Partial<CdrServerOptions> = {}): Promise<{
  url: string;
  port: number;
  server: CdrServer;
  handled: unknown[];
  lines: string[];
}> {
  const { lines, log } = keepingLog();
  const handled: unknown[] = [];
  const server = new CdrServer({
    host: '127.0.0.1',
    port: 0,
    secret: SECRET,
    allow: ['127.0.0.0/8'],
    log,
    ...options,
    handle: async (document) => {
      handled.push(document);
      await options.handle?.(document);
    },
  });
  servers.push(server);
  await server.listen();
  const { port } = server.address!;
  return { url: `http://127.0.0.1:${port}/cdr?uuid=x`, port, server, handled, lines };
}

function post(
  url: string,
  body: string,
  { secret = SECRET, ...more }: { secret?: string; method?: string; contentType?: string } = {},
): Promise<number> {
  return fetch(url, {
    method: more.method ?? 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`cdr:${secret}`).toString('base64')}`,
      'content-type': more.contentType ?? 'application/json',
    },
    ...(more.method === 'GET' ? {} : { body }),
  }).then(async (response) => {
    await response.body?.cancel();
    return response.status;
  });
}

describe('the CDR port', () => {
  it('says yes only once the document is safe', async () => {
    let release: () => void = () => undefined;
    const { url, handled } = await serve({ handle: () => new Promise((resolve) => (release = resolve)) });
    let status: number | null = null;
    const posted = post(url, '{"a":1}').then((answer) => (status = answer));
    await vi.waitFor(() => expect(handled).toEqual([{ a: 1 }]));
    await delay(50);
    expect(status).toBeNull();
    release();
    await posted;
    expect(status).toBe(200);
  });

  it('takes JSON whatever its type is said to be', async () => {
    const { url, handled } = await serve();
    expect(await post(url, '{"a":1}', { contentType: 'application/x-www-form-urlencoded' })).toBe(200);
    expect(handled).toEqual([{ a: 1 }]);
  });

  it.each([
    ['a wrong secret', { secret: 'another-secret-12' }, {}],
    ['an empty secret', { secret: '' }, {}],
    ['an address that is not on the list', {}, { allow: ['192.0.2.0/24'] }],
    ['an empty list', {}, { allow: [] }],
  ])('%s gets 403, and nothing is taken', async (_what, how, options) => {
    const { url, handled, lines } = await serve(options);
    expect(await post(url, `{"number":"${NUMBER}"}`, how)).toBe(403);
    expect(handled).toEqual([]);
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain(NUMBER);
    expect(lines.join()).not.toContain(SECRET);
  });

  it('a stranger learns nothing about paths', async () => {
    const { port } = await serve();
    expect(await post(`http://127.0.0.1:${port}/nothing`, '{}', { secret: 'another-secret-12' })).toBe(403);
    expect(await post(`http://127.0.0.1:${port}/nothing`, '{}')).toBe(404);
  });

  it.each([
    ['is not JSON', 400, `{"number":"${NUMBER}`, {}, {}],
    ['is too large', 413, `{"number":"${NUMBER}${' '.repeat(100)}"}`, {}, { maxBytes: 64 }],
    ['is not posted', 405, '', { method: 'GET' }, {}],
    [
      'cannot be taken while the store is away',
      503,
      `{"number":"${NUMBER}"}`,
      {},
      { handle: () => Promise.reject(new Error('away')), isOutage: () => true },
    ],
    [
      'cannot be taken at all',
      500,
      `{"number":"${NUMBER}"}`,
      {},
      { handle: () => Promise.reject(new Error('away')) },
    ],
  ])('what %s gets %d, and its content is not logged', async (_what, status, body, how, options) => {
    const { url, lines } = await serve(options);
    expect(await post(url, body, how)).toBe(status);
    expect(lines.join()).not.toContain(NUMBER);
  });

  it('says no in time when the store is slow, and hears it to its end', async () => {
    let fail: (error: Error) => void = () => undefined;
    const { url, lines } = await serve({
      handleTimeoutMs: 30,
      handle: () => new Promise((_resolve, reject) => (fail = reject)),
    });
    expect(await post(url, '{}')).toBe(503);
    fail(new Error('away'));
    await vi.waitFor(() => expect(lines.join()).toContain('after its deadline'));
  });

  it('says no to more than it can hold', async () => {
    const releases: (() => void)[] = [];
    const { url, handled } = await serve({
      maxAtATime: 3,
      handle: () => new Promise<void>((resolve) => void releases.push(resolve)),
    });
    const taken = [post(url, '{}'), post(url, '{}')];
    await vi.waitFor(() => expect(handled).toHaveLength(2));
    const third = post(url, '{}');
    await vi.waitFor(() => expect(handled).toHaveLength(3));
    // The fourth is not even connected: FreeSWITCH has its file.
    await expect(post(url, '{}')).rejects.toThrow();
    for (const release of releases) release();
    expect(await Promise.all([...taken, third])).toEqual([200, 200, 200]);
  });

  it('a body that grows beyond its bound is cut off, whatever its length was said to be', async () => {
    const { port, handled } = await serve({ maxBytes: 1_000 });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const authorization = Buffer.from(`cdr:${SECRET}`).toString('base64');
    socket.write(
      `POST /cdr HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const writing = setInterval(() => socket.write(`100\r\n${'x'.repeat(256)}\r\n`), 1);
    const answer = await new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(data.toString()));
      socket.once('close', () => resolve(''));
    });
    clearInterval(writing);
    socket.destroy();
    expect(answer).toContain('413');
    expect(handled).toEqual([]);
  });

  it('a peer that goes away in the middle is no defect', async () => {
    const { port, lines, url } = await serve();
    const socket = connect(port, '127.0.0.1');
    const authorization = Buffer.from(`cdr:${SECRET}`).toString('base64');
    socket.write(
      `POST /cdr HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${authorization}\r\nContent-Length: 50\r\n\r\n{"n`,
    );
    await delay(50);
    socket.destroy();
    await vi.waitFor(() => expect(lines.join()).toContain('was not taken'));
    expect(await post(url, '{}')).toBe(200);
  });

  it('close lets a document finish', async () => {
    let release: () => void = () => undefined;
    const { url, server, handled } = await serve({
      handle: () => new Promise((resolve) => (release = resolve)),
    });
    const posted = post(url, '{}');
    await vi.waitFor(() => expect(handled).toHaveLength(1));
    const closed = server.close();
    await delay(20);
    release();
    expect(await posted).toBe(200);
    await closed;
    await expect(post(url, '{}')).rejects.toThrow();
  });
});
