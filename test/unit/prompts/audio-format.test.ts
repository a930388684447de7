import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { audioFormatOf } from '../../../src/prompts/audio-format.js';
import { chunk, id3, mp3, wave } from './audio-samples.js';

describe('audioFormatOf', () => {
  it.each([
    ['8 kHz mono', wave()],
    ['44.1 kHz stereo', wave({ rate: 44_100, channels: 2 })],
    ['extensible PCM', wave({ kind: 0xfffe })],
    ['8 bits', wave({ bits: 8 })],
    ['an odd chunk before the samples', wave({ before: chunk('LIST', Buffer.from('odd')) })],
  ])('knows WAVE with %s', (_, bytes) => {
    expect(audioFormatOf(bytes)).toBe('wav');
  });

  it('knows WAVE whose length was not known when it was written', () => {
    const bytes = wave();
    bytes.writeUInt32LE(0xffffffff, 4);
    bytes.writeUInt32LE(0xffffffff, 40);
    expect(audioFormatOf(bytes)).toBe('wav');
  });

  it.each([
    ['plain frames', mp3()],
    ['an ID3 tag', Buffer.concat([id3(100), mp3()])],
    ['padding after the tag', Buffer.concat([id3(10), Buffer.alloc(500), mp3()])],
    ['MPEG 2 frames', Buffer.concat([0, 1].map(() => mpeg2Frame()))],
  ])('knows MP3 with %s', (_, bytes) => {
    expect(audioFormatOf(bytes)).toBe('mp3');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['HTML', Buffer.from('<html><body>404</body></html>')],
    ['A-law in WAVE', wave({ kind: 6 })],
    ['WAVE with 6 channels', wave({ channels: 6 })],
    ['WAVE with 96 kHz', wave({ rate: 96_000 })],
    ['WAVE without a sample', wave({ samples: 0 })],
    ['WAVE without samples at all', wave().subarray(0, 36)],
    ['AVI', Buffer.concat([wave().subarray(0, 8), Buffer.from('AVI '), wave().subarray(12)])],
    ['one MP3 frame', mp3(1)],
    ['an ID3 tag alone', id3(100)],
    ['an ID3 tag that claims more than there is', Buffer.concat([id3(100).subarray(0, 20), mp3(2)])],
    ['frames out of step', Buffer.concat([mp3(1), Buffer.alloc(7), Buffer.from('not a frame')])],
    ['frames beyond the padding', Buffer.concat([Buffer.alloc(5_000), mp3()])],
  ])('does not take %s for audio', (_, bytes) => {
    expect(audioFormatOf(bytes)).toBeNull();
  });

  it('survives any bytes, also behind a true beginning', () => {
    const beginnings = [
      Buffer.alloc(0),
      Buffer.from('RIFF\0\0\0\0WAVE'),
      Buffer.from('ID3'),
      Buffer.from([0xff, 0xfb]),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 200 }), (beginning, rest) => {
        expect([null, 'wav', 'mp3']).toContain(audioFormatOf(Buffer.concat([beginning, rest])));
      }),
    );
  });

  it.each([wave(), Buffer.concat([id3(20), mp3()])])('takes a cut file for audio or for nothing', (bytes) => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect([null, audioFormatOf(bytes)]).toContain(audioFormatOf(bytes.subarray(0, length)));
    }
  });
});

/** 64 kbit/s at 22.05 kHz: 208 bytes. */
function mpeg2Frame(): Buffer {
  const frame = Buffer.alloc(208);
  frame.set([0xff, 0xf3, 0x80, 0x00]);
  return frame;
}
