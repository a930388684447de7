import { afterEach, expect, it } from 'vitest';
import { Clock } from '../../../sandbox/clock.js';
import { digitsRequest } from '../../../sandbox/freeswitch/applications/media.js';
import { collectDigits, DigitQueue } from '../../../sandbox/freeswitch/digits.js';

const clock = new Clock({ speed: 100 });
afterEach(() => expect(clock.pending).toBe(0));

const options = { max: 4, terminators: '#', firstTimeout: 2000, digitTimeout: 1000 };
const never = new AbortController().signal;

function collect(begun: string, keys: string, more: Partial<typeof options> = {}, signal = never) {
  const queue = new DigitQueue();
  for (const key of Array.from(keys)) queue.push(key);
  return collectDigits(queue, clock, signal, begun, { ...options, ...more });
}

it.each([
  ['', '1234', '1234', '', 'success'],
  ['', '12345', '1234', '', 'success'],
  ['', '12#', '12', '#', 'success'],
  ['', '#', '', '#', 'success'],
  ['', '12', '12', '', 'timeout'],
  ['', '', '', '', 'timeout'],
  ['1', '2#', '12', '#', 'success'],
  ['#', '', '', '#', 'success'],
  ['1', '', '1', '', 'timeout'],
])('begun "%s", keyed "%s": "%s"', async (begun, keys, digits, terminator, status) => {
  expect(await collect(begun, keys)).toEqual({ digits, terminator, status });
});

it('ends when the channel is gone', async () => {
  const gone = new AbortController();
  const collecting = collect('', '12', {}, gone.signal);
  gone.abort();
  expect(await collecting).toMatchObject({ digits: expect.any(String) as string, status: 'false' });
});

it('waits for the next key from the last one', async () => {
  const queue = new DigitQueue();
  const collecting = collectDigits(queue, clock, never, '', options);
  for (const key of ['1', '2', '3', '4']) {
    await clock.sleep(600);
    queue.push(key);
  }
  expect(await collecting).toMatchObject({ digits: '1234', status: 'success' });
});

it("reads play_and_get_digits' arguments by mod_dptools's rules", () => {
  expect(digitsRequest('1 6 1 500 # a.wav b.wav pin ^\\d+$ 3000')).toEqual({
    min: 1,
    max: 6,
    tries: 1,
    timeout: 1000,
    terminators: '#',
    prompt: 'a.wav',
    badInput: 'b.wav',
    variable: 'pin',
    regex: '^\\d+$',
    digitTimeout: 3000,
    transferOnFailure: '',
  });
  expect(digitsRequest('4 2 3 9000')).toMatchObject({ min: 4, max: 4, terminators: '#', digitTimeout: 9000 });
});
