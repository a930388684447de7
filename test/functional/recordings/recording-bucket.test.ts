import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { RecordingBucket, type BucketSettings } from '../../../src/recordings/recording-bucket.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { S3Server } from '../../helpers/s3-server.js';

let server: S3Server;
let folder: string;
const buckets: RecordingBucket[] = [];
const going = new AbortController().signal;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maskline-bucket-'));
});
afterEach(async () => {
  server.losesTheEnd = false;
  server.unanswered.clear();
  await Promise.all(buckets.splice(0).map((bucket) => bucket.close()));
  await rm(folder, { recursive: true, force: true });
});

function bucketOf(changes: Partial<BucketSettings> = {}): RecordingBucket {
  const bucket = new RecordingBucket(server.settings(changes));
  buckets.push(bucket);
  return bucket;
}

async function file(bytes: number): Promise<{ path: string; name: string; content: Buffer }> {
  const name = `${randomUUID()}.wav`;
  const path = join(folder, name);
  const content = randomBytes(bytes);
  await writeFile(path, content);
  return { path, name, content };
}

test.each([1, 1_000_000])('a file of %i bytes is put there, read in ranges, and removed', async (bytes) => {
  const bucket = bucketOf();
  const { path, name, content } = await file(bytes);
  expect(await bucket.put(path, name, going)).toEqual({
    bytes,
    md5: createHash('md5').update(content).digest('hex'),
  });
  expect((await server.objects()).get(`calls/${name}`)?.equals(content)).toBe(true);
  for (const [start, end] of [
    [0, bytes - 1],
    [Math.floor(bytes / 3), Math.max(Math.floor(bytes / 3), bytes - 100)],
  ] as const) {
    if (end === 0) continue;
    const chunks = await (await bucket.read(name, { start, end })).toArray();
    expect(Buffer.concat(chunks as Buffer[]).equals(content.subarray(start, end + 1))).toBe(true);
  }
  await bucket.remove(name);
  await bucket.remove(name);
  expect(await server.objects()).toEqual(new Map());
  await expect(bucket.read(name, { start: 0, end: 1 })).rejects.toMatchObject({ code: 'ERR_OBJECT_MISSING' });
});

test('an upload of which the server kept a part is an error', async () => {
  const { path, name } = await file(100_000);
  server.losesTheEnd = true;
  await expect(bucketOf().put(path, name, going)).rejects.toMatchObject({ code: 'ERR_OBJECT_MISMATCH' });
  server.losesTheEnd = false;
  expect((await server.objects()).get(`calls/${name}`)).toHaveLength(50_000);
  await bucketOf().put(path, name, going);
  expect((await server.objects()).get(`calls/${name}`)).toHaveLength(100_000);
});

test('another object than the note says is an error, before anybody hears it', async () => {
  const bucket = bucketOf();
  const { path, name } = await file(1_000);
  await bucket.put(path, name, going);
  await expect(bucket.read(name, { start: 500, end: 1_500 })).rejects.toMatchObject({
    code: 'ERR_OBJECT_MISMATCH',
  });
});

test('what is wrong is told by the server’s or the system’s code, and nothing of the keys', async () => {
  const { path, name } = await file(1_000);
  const closed = await freeTcpPort();
  const cases: [string, Partial<BucketSettings>][] = [
    ['SignatureDoesNotMatch', { credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'another-secret' } }],
    ['InvalidAccessKeyId', { credentials: { accessKeyId: 'nobody-knows-it', secretAccessKey: 'S3RVER' } }],
    ['NoSuchBucket', { name: 'there-is-none' }],
    ['ECONNREFUSED', { endpoint: `http://127.0.0.1:${closed}` }],
  ];
  for (const [reason, changes] of cases) {
    const bucket = bucketOf(changes);
    const error = await bucket.put(path, name, going).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_BUCKET', reason });
    expect(String(error)).not.toMatch(/another-secret|nobody-knows-it/);
    expect(await bucket.probe()).toEqual({ step: 'write', trouble: reason, keepsVersions: null });
  }
});

test('an upload that is to stop stops', async () => {
  const { path, name } = await file(100_000);
  const stopping = new AbortController();
  const before = server.countOf('PUT');
  server.unanswered.add('PUT');
  const put = bucketOf().put(path, name, stopping.signal);
  const ended = expect(put).rejects.toMatchObject({ code: 'ERR_BUCKET', reason: 'ETIMEDOUT' });
  while (server.countOf('PUT') === before) await sleep(10);
  stopping.abort();
  await ended;
});

test('a probe leaves nothing behind', async () => {
  const before = (await server.objects()).size;
  expect(await bucketOf().probe()).toEqual({ step: 'delete', trouble: null, keepsVersions: false });
  expect((await server.objects()).size).toBe(before);
});
