import { expect, test } from 'vitest';

import { verdictOn, type FileFound } from '../../../src/masking/recording.js';

const END = 1_800_000_060_000;
/** A minute of talk. */
const TALK = { startedAt: END - 70_000, connectedAt: END - 60_000, endedAt: END, cause: 'NORMAL_CLEARING' };

function audio(durationMs: number, changes: Partial<Extract<FileFound, { kind: 'audio' }>> = {}): FileFound {
  return { kind: 'audio', bytes: durationMs * 2, changedAt: END, durationMs, whole: true, ...changes };
}

test('audio as long as the talk is complete at once', () => {
  expect(verdictOn(TALK, audio(59_500), END)).toEqual({
    state: 'completed',
    problem: '',
    startedAt: TALK.connectedAt,
    endedAt: TALK.connectedAt + 59_500,
    durationMs: 59_500,
    bytes: 119_000,
  });
});

test.each<[string, FileFound, number, object | string]>([
  ['a file that is not there yet', { kind: 'missing' }, END + 9_999, 'wait'],
  [
    'a file that never came',
    { kind: 'missing' },
    END + 10_000,
    { state: 'failed', problem: 'missing', bytes: 0 },
  ],
  ['an empty file that may not be closed', { kind: 'empty', bytes: 0, changedAt: END }, END + 2_999, 'wait'],
  [
    'an empty file',
    { kind: 'empty', bytes: 0, changedAt: END },
    END + 3_000,
    { state: 'failed', problem: 'empty' },
  ],
  [
    'what is no audio',
    { kind: 'unreadable', bytes: 7, changedAt: END },
    END + 3_000,
    { state: 'failed', problem: 'unreadable', bytes: 7, durationMs: 0 },
  ],
  ['audio that may still grow', audio(20_000), END + 2_999, 'wait'],
  [
    'too little audio',
    audio(20_000),
    END + 3_000,
    { state: 'partial', problem: 'short', durationMs: 20_000 },
  ],
  [
    'a file that was not closed',
    audio(60_000, { whole: false }),
    END + 3_000,
    { state: 'partial', problem: 'cut' },
  ],
  [
    'a file that changes for ever',
    audio(20_000, { changedAt: END + 120_000 }),
    END + 120_000,
    { state: 'partial', problem: 'short' },
  ],
])('%s', (_, found, now, expected) => {
  const verdict = verdictOn(TALK, found, now);
  if (typeof expected === 'string') expect(verdict).toBe(expected);
  else expect(verdict).toMatchObject(expected);
});

test('a call that never connected had nothing to record, unless there is audio', () => {
  const rung = { ...TALK, connectedAt: null };
  expect(verdictOn(rung, { kind: 'missing' }, END + 10_000)).toBe('nothing');
  expect(verdictOn(rung, audio(300), END)).toMatchObject({ state: 'completed', startedAt: rung.startedAt });
});

test('what a crash left is partial, whatever its length', () => {
  expect(verdictOn({ ...TALK, cause: 'CRASH' }, audio(90_000), END + 3_000)).toMatchObject({
    state: 'partial',
    problem: 'cut',
  });
});
