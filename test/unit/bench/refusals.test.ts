import { expect, it } from 'vitest';

import { refusalsIn } from '../../../bench/lib/sipp-load.js';

const aborted = (answer: string): string =>
  `2026-11-29\t10:00:00.000000\t1764410400.000000: Aborting call on unexpected message for Call-Id '1-2@127.0.0.1': ` +
  `while expecting '200' (index 4), received 'SIP/2.0 ${answer}\r\nVia: SIP/2.0/UDP 127.0.0.1:5060\r\n\r\n'.\n`;

it('counts the answers with which calls were refused', () => {
  const log = [
    aborted('503 Maximum Calls In Progress'),
    aborted('480 Temporarily Unavailable'),
    aborted('503 Maximum Calls In Progress'),
  ].join('');
  expect([...refusalsIn(log)]).toEqual([
    ['503 Maximum Calls In Progress', 2],
    ['480 Temporarily Unavailable', 1],
  ]);
});

it('takes no answer that went well, nor a request, for a refusal', () => {
  expect(refusalsIn(aborted('200 OK')).size).toBe(0);
  expect(refusalsIn("… received 'BYE sip:caller@127.0.0.1:10000 SIP/2.0\r\n").size).toBe(0);
  expect(refusalsIn('').size).toBe(0);
});
