import { expect, test } from 'vitest';

import { BucketError, reasonFor } from '../../../src/recordings/bucket-errors.js';
import { BucketWatch } from '../../../src/recordings/bucket-watch.js';
import { createLogger } from '../../../src/telemetry/logger.js';

function scene() {
  const lines: string[] = [];
  const time = { now: 0 };
  const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  return { watch: new BucketWatch({ log, clock: () => time.now }), lines, time };
}

test('after a failure the next attempt is put off, each time for longer, up to a minute', () => {
  const { watch, time } = scene();
  const pauses: number[] = [];
  for (let failures = 0; failures < 9; failures += 1) {
    watch.failed('ECONNREFUSED');
    const from = time.now;
    while (!watch.mayTry) time.now += 500;
    pauses.push(time.now - from);
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  watch.worked();
  expect([watch.isUp, watch.mayTry]).toEqual([true, true]);
  watch.failed('ECONNREFUSED');
  time.now += 1_000;
  expect(watch.mayTry).toBe(true);
});

test('what fails together is one failure', () => {
  const { watch, time } = scene();
  for (let together = 0; together < 4; together += 1) watch.failed('ECONNRESET');
  time.now = 1_000;
  expect(watch.mayTry).toBe(true);
});

test('an outage is told of when it begins, changes, lasts, and ends', () => {
  const { watch, lines, time } = scene();
  for (; time.now < 1_300_000; time.now += 60_000) watch.failed('ECONNREFUSED');
  expect(lines).toHaveLength(3);
  watch.failed('AccessDenied');
  expect(lines).toHaveLength(4);
  expect(watch.detail).toBe('the bucket cannot be used (AccessDenied): recordings wait in their folder');
  watch.worked();
  watch.worked();
  expect(lines).toHaveLength(5);
  expect(watch.detail).toBe('the bucket takes recordings');
});

test.each([
  [
    Object.assign(new Error('no'), { name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } }),
    'NoSuchBucket',
  ],
  [Object.assign(new Error('no'), { name: 'Unknown', $metadata: { httpStatusCode: 403 } }), 'HTTP 403'],
  [Object.assign(new Error('no'), { name: '301', $metadata: { httpStatusCode: 301 } }), 'HTTP 301'],
  [Object.assign(new Error('no'), { name: 'TimeoutError', code: 'ECONNRESET', $metadata: {} }), 'ECONNRESET'],
  [Object.assign(new Error('no'), { name: 'TimeoutError', $metadata: {} }), 'ETIMEDOUT'],
  [Object.assign(new Error('no'), { name: 'AbortError', code: 'ABORT_ERR' }), 'ETIMEDOUT'],
  [Object.assign(new Error('no'), { name: 'CredentialsProviderError' }), 'CredentialsProviderError'],
  [new Error('no'), 'unknown'],
  ['no', 'unknown'],
])('%s is told as %s', (error, reason) => {
  expect(reasonFor(error)).toBe(reason);
  expect(new BucketError(reason).message).toBe(`the bucket for recordings cannot be used: ${reason}`);
});
