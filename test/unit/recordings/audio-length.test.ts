import { expect, test } from 'vitest';

import { silentMp3, silentWav } from '../../../sandbox/freeswitch/recording.js';
import { mp3Length, wavLength } from '../../../src/recordings/audio-length.js';

test('a wav file has the length that its header says', () => {
  const wav = silentWav(12_000, 2);
  expect(wavLength(wav, wav.length)).toEqual({ durationMs: 1500, whole: true });
  expect(wavLength(wav.subarray(0, 100), wav.length)).toEqual({ durationMs: 1500, whole: true });
});

test('a wav file that was not closed has what is there', () => {
  const wav = silentWav(12_000, 1);
  const half = wav.length - 12_000;
  expect(wavLength(wav.subarray(0, half), half)).toEqual({ durationMs: 750, whole: false });
  wav.writeUInt32LE(0, 40);
  expect(wavLength(wav, wav.length)).toEqual({ durationMs: 1500, whole: false });
});

test('an mp3 file has the length that its bit rate makes of its size', () => {
  const mp3 = silentMp3(7_200);
  expect(mp3Length(mp3, mp3.length)).toEqual({ durationMs: 7_200, whole: true });
  const tagged = Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'), mp3]);
  expect(mp3Length(tagged, tagged.length)?.durationMs).toBe(7_200);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['three bytes', Buffer.from('RIF')],
  ['zeros', Buffer.alloc(5000)],
  ['a wav header without data', silentWav(0, 1)],
  ['text', Buffer.from('<html>not found</html>')],
  ['random bytes without a frame', Buffer.from('fffaffffffffff', 'hex')],
])('%s is no audio', (_, bytes) => {
  expect(wavLength(bytes, bytes.length)).toBeNull();
  expect(mp3Length(bytes, bytes.length)).toBeNull();
});
