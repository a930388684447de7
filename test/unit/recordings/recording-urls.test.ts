import { expect, test } from 'vitest';

import { RecordingUrls } from '../../../src/recordings/recording-urls.js';

const NOW = Date.UTC(2026, 10, 23, 1, 2, 3);
const ID = '7f1e4b7e-55a5-4a2f-9f1d-6b1f5a0c9d11';
const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER = Buffer.alloc(32, 8).toString('base64');
const RECORDING = { accountId: 'MAXXXXXXXXXXXXXXXXXX', id: ID, format: 'mp3' as const };

function urls(dataKeys = [KEY]): RecordingUrls {
  return new RecordingUrls({ publicUrl: 'https://masking.example.com', dataKeys, lifetime: 3600 });
}

function given(url: string): Parameters<RecordingUrls['accepts']>[0] {
  const { pathname, searchParams } = new URL(url);
  const [, , , accountId = '', , file = ''] = pathname.split('/');
  return {
    accountId,
    file,
    expires: searchParams.get('expires') ?? '',
    signature: searchParams.get('signature') ?? '',
  };
}

test('a signed URL is good until it expires, for what it names', () => {
  const url = urls().media(RECORDING, NOW);
  expect(url).toMatch(
    /^https:\/\/masking\.example\.com\/v1\/Account\/MAX+\/Recording\/7f1e[0-9a-f-]+\.mp3\?expires=\d+&signature=[\w-]{43}$/,
  );
  const good = given(url);
  expect(urls().accepts(good, NOW)).toBe(true);
  const until = Number(good.expires) * 1000;
  expect(until).toBeGreaterThanOrEqual(NOW + 3_600_000);
  expect(until).toBeLessThan(NOW + 3_600_000 + 60_000);
  expect(urls().accepts(good, until - 1)).toBe(true);
  expect(urls().accepts(good, until)).toBe(false);
});

test.each<[string, Partial<Parameters<RecordingUrls['accepts']>[0]>]>([
  ['another account', { accountId: 'MAYYYYYYYYYYYYYYYYYY' }],
  ['another recording', { file: '00000000-55a5-4a2f-9f1d-6b1f5a0c9d11.mp3' }],
  ['another format', { file: `${ID}.wav` }],
  ['a later end', { expires: '9999999999' }],
  ['an end that is no number', { expires: '1e12' }],
  ['no end', { expires: '' }],
  ['no signature', { signature: '' }],
  ['a shorter signature', { signature: 'abc' }],
  ['a signature of other bytes', { signature: 'ü'.repeat(43) }],
])('a signature is not good for %s', (_, changes) => {
  const good = given(urls().media(RECORDING, NOW));
  expect(urls().accepts({ ...good, ...changes }, NOW)).toBe(false);
});

test('URLs of before a rotation of the data keys stay good; those of other keys never were', () => {
  const good = given(urls().media(RECORDING, NOW));
  expect(urls([OTHER, KEY]).accepts(good, NOW)).toBe(true);
  expect(urls([OTHER]).accepts(good, NOW)).toBe(false);
});
