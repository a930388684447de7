import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { S3Server } from '../../helpers/s3-server.js';
import { SimBed } from '../../helpers/sim-bed.js';
import { AUTH_ID } from '../../helpers/stack.js';
import { TcpProxy } from '../../helpers/tcp-proxy.js';
import { found, until } from '../../helpers/until.js';

type Json = Record<string, unknown>;

/**
 * After an outage: controllers try again in growing steps, and what one of them held when a busy machine's watchdog ended it is
 * free after 30 s.
 */
const BACK_WITHIN_MS = 120_000;

let server: S3Server;
let network: TcpProxy;
let bed: SimBed;

beforeAll(async () => {
  server = await S3Server.start();
  network = await TcpProxy.to(server.port);
  bed = await SimBed.start({
    controllers: 2,
    environment: { ...server.environment(`http://127.0.0.1:${network.port}`), METRICS_ALLOW: '127.0.0.1' },
  });
}, 60_000);
afterEach(() => {
  server.unanswered.clear();
  network.restore();
});
afterAll(async () => {
  await bed.close();
  await network.close();
  await server.close();
});

async function ask(controller: number, method: string, path: string, headers: Record<string, string> = {}) {
  const { url = '' } = bed.stack.controllers[controller] ?? {};
  const credentials = Buffer.from(`${AUTH_ID}:${bed.stack.authToken}`).toString('base64');
  return path.startsWith('http')
    ? fetch(path, { method, headers })
    : fetch(`${url}${path}`, { method, headers: { authorization: `Basic ${credentials}`, ...headers } });
}

/** A recorded call of some seconds; its recording as the API shows it once it was entered. */
async function recorded(): Promise<{ id: string; url: string; session: string }> {
  const lane = await bed.lane();
  const session = await lane.session({ record: true, record_file_format: 'wav' });
  await lane.callee(lane.second, { kind: 'answer', afterMs: 200 });
  await lane.call({ from: lane.first, steps: [{ wait: 1_500 }, { hangup: true }] });
  const shown = await found('the recording is entered', async () => {
    const answer = await ask(0, 'GET', `/v1/Account/${AUTH_ID}/Recording/?session=${session.id}`);
    const { objects = [] } = (await answer.json()) as { objects?: Json[] };
    return objects[0] ?? null;
  });
  return { id: String(shown['recording_id']), url: String(shown['recording_url']), session: session.id };
}

/** Waits until the recording is in the bucket alone; answers its bytes. */
async function moved(id: string): Promise<Buffer> {
  return found(
    'the recording is in the bucket alone',
    async () => {
      const object = (await server.objects()).get(`calls/${id}.wav`);
      const files = await readdir(bed.stack.recordingsDir);
      return object === undefined || files.includes(`${id}.wav`) ? null : object;
    },
    BACK_WITHIN_MS,
  );
}

const metric = async (name: string): Promise<number> => {
  const text = await (await ask(0, 'GET', '/metrics')).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`maskline_${name} `))
      ?.split(' ')[1],
  );
};

test('it is heard under the same URL, in ranges, from any controller, and deleted', async () => {
  const { id, url } = await recorded();
  const before = await ask(0, 'GET', url);
  const heard = Buffer.from(await before.arrayBuffer());
  const content = await moved(id);
  expect([before.status, heard.equals(content)]).toEqual([200, true]);

  for (const controller of [0, 1]) {
    const base = bed.stack.controllers[controller]?.url ?? '';
    const here = url.replace(/^http:\/\/[^/]+/, base);
    const whole = await ask(controller, 'GET', here, { redirect: 'never' });
    expect([whole.status, whole.redirected, whole.headers.get('content-type')]).toEqual([
      200,
      false,
      'audio/wav',
    ]);
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
  }
  const etag = `"${createHash('md5').update(content).digest('hex')}"`;
  const part = await ask(0, 'GET', url, { range: 'bytes=4-103', 'if-range': etag });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 4-103/${content.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(4, 104))).toBe(true);
  const tail = await ask(0, 'GET', url, { range: 'bytes=-10' });
  expect(Buffer.from(await tail.arrayBuffer()).equals(content.subarray(-10))).toBe(true);
  const old = await ask(0, 'GET', url, { range: 'bytes=4-103', 'if-range': '"another"' });
  expect([old.status, (await old.arrayBuffer()).byteLength]).toEqual([200, content.length]);
  const beyond = await ask(0, 'GET', url, { range: `bytes=${content.length}-` });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${content.length}`]);
  expect((await ask(0, 'GET', url, { 'if-none-match': etag })).status).toBe(304);
  expect((await ask(0, 'GET', url, { 'if-match': '"another"' })).status).toBe(412);
  const head = await ask(0, 'HEAD', url);
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(content.length)]);
  expect((await ask(0, 'GET', url.replace('signature=', 'signature=A'))).status).toBe(403);

  expect((await ask(1, 'DELETE', `/v1/Account/${AUTH_ID}/Recording/${id}/`)).status).toBe(204);
  expect((await server.objects()).has(`calls/${id}.wav`)).toBe(false);
  expect((await ask(0, 'GET', url)).status).toBe(404);
});

test('a bucket that is away keeps no call from being made, recorded and heard', async () => {
  const { id: there, url: thereUrl } = await recorded();
  await moved(there);
  network.cut();
  const { id, url } = await recorded();
  await until(
    'the controller sees that it is away',
    async () => (await metric('recording_bucket_up')) === 0,
    BACK_WITHIN_MS,
  );
  // On a busy machine Redis may be late for a scrape, and a node's lease change hands.
  await until(
    'one upload waits',
    async () => (await metric('recording_transfers_waiting{kind="upload"}')) === 1,
  );
  await until('it is ready without its bucket', async () => {
    const ready = await ask(0, 'GET', '/readyz');
    const text = await ready.text();
    return ready.status === 200 && text.includes('the bucket cannot be used');
  });
  expect((await ask(0, 'GET', url)).status).toBe(200);
  const away = await ask(0, 'GET', thereUrl);
  expect([away.status, await away.json()]).toMatchObject([
    503,
    { error: 'The recording cannot be reached at the moment. Try again.' },
  ]);
  expect((await ask(0, 'DELETE', `/v1/Account/${AUTH_ID}/Recording/${there}/`)).status).toBe(204);
  expect((await ask(0, 'GET', thereUrl)).status).toBe(404);
  network.restore();
  await moved(id);
  await until(
    'the removed one is gone',
    async () => !(await server.objects()).has(`calls/${there}.wav`),
    BACK_WITHIN_MS,
  );
  await until(
    'the controller sees that it is back',
    async () => (await metric('recording_bucket_up')) === 1,
    BACK_WITHIN_MS,
  );
}, 600_000);

test('controllers that are killed between the upload and its note leave that to the next', async () => {
  // The server has the object, and nobody hears of it.
  server.unanswered.add('PUT');
  const puts = server.countOf('PUT');
  const { id, url } = await recorded();
  await until('it is uploaded', () => server.countOf('PUT') > puts);
  await until('the object is there', async () => (await server.objects()).has(`calls/${id}.wav`));
  await bed.killController(0);
  await bed.killController(1);
  server.unanswered.clear();
  expect(await readdir(bed.stack.recordingsDir)).toContain(`${id}.wav`);
  await bed.startController(0);
  await bed.startController(1);
  const during = await ask(0, 'GET', url);
  expect(during.status).toBe(200);
  const heard = Buffer.from(await during.arrayBuffer());
  const content = await moved(id);
  expect(heard.equals(content)).toBe(true);
  const after = await ask(1, 'GET', url);
  expect(Buffer.from(await after.arrayBuffer()).equals(content)).toBe(true);
}, 150_000);

test('no key and no request holds a number', async () => {
  const keys = [...(await server.objects()).keys()];
  expect(keys.length).toBeGreaterThan(0);
  for (const request of server.requests) {
    expect(request).toMatch(/^[A-Z]+ \/recordings-of-a-test\/calls\/[0-9a-f-]{36}\.wav$/);
  }
});
