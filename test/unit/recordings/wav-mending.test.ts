import { describe, expect, it } from 'vitest';

import { silentWav } from '../../../sandbox/freeswitch/recording.js';
import { wavLength } from '../../../src/recordings/audio-length.js';
import { mendedWav } from '../../../src/recordings/wav-mending.js';

/** As FreeSWITCH leaves it when it dies: the header tells another length, or none. */
function unclosed(told: number, extraBytes = 0): Buffer {
  const file = Buffer.concat([silentWav(8_000, 2), Buffer.alloc(extraBytes, 1)]);
  file.writeUInt32LE(told, 40);
  file.writeUInt32LE(told === 0 ? 0 : Math.min(told + 36, 0xffff_ffff), 4);
  return file;
}

function mend(file: Buffer): Buffer {
  const mended = mendedWav(file, file.length);
  if (mended === null) throw new Error('it was not mended');
  return Buffer.concat([mended.head, file.subarray(mended.head.length, mended.size)]);
}

describe('mendedWav', () => {
  it.each([0, 80, 0xffff_ffff])('gives a file that said %d bytes its own length', (told) => {
    const mended = mend(unclosed(told));
    expect(mended.equals(silentWav(8_000, 2))).toBe(true);
    expect(wavLength(mended, mended.length)).toEqual({ durationMs: 1_000, whole: true });
  });

  it('leaves out the beginning of a sample whose end is missing', () => {
    expect(mend(unclosed(0, 3)).equals(silentWav(8_000, 2))).toBe(true);
  });

  it('changes nothing in a file that is whole', () => {
    const file = silentWav(160, 1);
    expect(mend(file).equals(file)).toBe(true);
  });

  it('keeps the chunks ahead of the data', () => {
    const file = unclosed(0);
    const list = Buffer.from('LIST\x05\0\0\0abcde\0', 'latin1');
    const mended = mend(Buffer.concat([file.subarray(0, 36), list, file.subarray(36)]));
    expect(mended.subarray(36, 36 + list.length).equals(list)).toBe(true);
    expect(mended.readUInt32LE(40 + list.length)).toBe(32_000);
    expect(mended.readUInt32LE(4)).toBe(mended.length - 8);
  });

  it.each([
    ['no wav file', Buffer.from('ID3')],
    ['a header that broke off', silentWav(1, 1).subarray(0, 30)],
    ['no format', Buffer.from('RIFF\0\0\0\0WAVEdata\0\0\0\0xxxx', 'latin1')],
  ])('leaves %s alone', (_what, file) => {
    expect(mendedWav(file, file.length)).toBeNull();
  });

  it('leaves a file alone that is longer than a header can say', () => {
    expect(mendedWav(unclosed(0), 0x1_0000_0000)).toBeNull();
  });
});
