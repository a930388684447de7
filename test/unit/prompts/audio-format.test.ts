import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { examineAudio } from '../../../src/prompts/audio-format.js';
import { chunk, id3, mp3, wave } from './audio-samples.js';

describe('examineAudio', () => {
  it.each([
    ['8 kHz mono', wave()],
    ['44.1 kHz stereo', wave({ rate: 44_100, channels: 2 })],
    ['extensible PCM', wave({ kind: 0xfffe })],
    ['8 bits', wave({ bits: 8 })],
    ['an odd chunk before the samples', wave({ before: chunk('LIST', Buffer.from('odd')) })],
  ])('knows WAVE with %s', (_, bytes) => {
    expect(examineAudio(bytes).format).toBe('wav');
  });

  it('knows WAVE whose length was not known when it was written', () => {
    const bytes = wave();
    bytes.writeUInt32LE(0xffffffff, 4);
    bytes.writeUInt32LE(0xffffffff, 40);
    expect(examineAudio(bytes).format).toBe('wav');
  });

  it.each([
    ['plain frames', mp3()],
    ['an ID3 tag', Buffer.concat([id3(100), mp3()])],
    ['padding after the tag', Buffer.concat([id3(10), Buffer.alloc(500), mp3()])],
    ['MPEG 2 frames', Buffer.concat([0, 1].map(() => mpeg2Frame()))],
  ])('knows MP3 with %s', (_, bytes) => {
    expect(examineAudio(bytes).format).toBe('mp3');
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
    expect(examineAudio(bytes).format).toBeNull();
  });

  it.each([
    ['WAVE that lost its last byte', wave().subarray(0, -1), /cut short/],
    ['WAVE that claims 2 GB', claims(wave(), 0x7fffffff), /cut short/],
    ['WAVE with frames of another size than its samples', misframed(), /not PCM/],
    ['WAVE with half a sample', wave({ samples: 1 }), /without samples/],
    ['an ID3 tag and nothing else', Buffer.concat([id3(100)]), /ID3 tag without audio/],
    [
      'MP3 with a page of HTML in it',
      Buffer.concat([mp3(3), Buffer.from('<html>'), mp3(3)]),
      /something else/,
    ],
    ['MP3 with fewer frames than it tells of', Buffer.concat([tellsOf(50), mp3(10)]), /cut short/],
  ])('says what is wrong with %s', (_, bytes, fault) => {
    expect(examineAudio(bytes)).toEqual({ format: null, fault: expect.stringMatching(fault) as string });
  });

  it.each([
    ['as many frames as it tells of', Buffer.concat([tellsOf(10), mp3(10)])],
    ['a last frame that was cut', mp3(4).subarray(0, -50)],
    ['an ID3v1 tag at its end', Buffer.concat([mp3(3), Buffer.from('TAGtitle'.padEnd(128))])],
    ['zeroes at its end', Buffer.concat([mp3(3), Buffer.alloc(100)])],
  ])('takes MP3 with %s', (_, bytes) => {
    expect(examineAudio(bytes).format).toBe('mp3');
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
        expect([null, 'wav', 'mp3']).toContain(examineAudio(Buffer.concat([beginning, rest])).format);
      }),
    );
  });

  it.each([wave(), Buffer.concat([id3(20), mp3()])])('takes a cut file for audio or for nothing', (bytes) => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect([null, examineAudio(bytes).format]).toContain(examineAudio(bytes.subarray(0, length)).format);
    }
  });
});

/** 64 kbit/s at 22.05 kHz: 208 bytes. */
function mpeg2Frame(): Buffer {
  const frame = Buffer.alloc(208);
  frame.set([0xff, 0xf3, 0x80, 0x00]);
  return frame;
}

/** `bytes` with another length of their samples. */
function claims(bytes: Buffer, length: number): Buffer {
  bytes.writeUInt32LE(length, 40);
  return bytes;
}

function misframed(): Buffer {
  const bytes = wave();
  bytes.writeUInt16LE(7, 32);
  return bytes;
}

/** The first frame of an encoder that tells how many follow (stereo: 32 bytes of side information). */
function tellsOf(frames: number): Buffer {
  const frame = mp3(1);
  frame.write('Xing', 36, 'latin1');
  frame.writeUInt32BE(1, 40);
  frame.writeUInt32BE(frames, 44);
  return frame;
}
