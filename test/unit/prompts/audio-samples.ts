/** A WAVE file with `samples` bytes of silence. */
export function wave(
  options: {
    kind?: number;
    channels?: number;
    rate?: number;
    bits?: number;
    samples?: number;
    before?: Buffer;
  } = {},
): Buffer {
  const {
    kind = 1,
    channels = 1,
    rate = 8_000,
    bits = 16,
    samples = 320,
    before = Buffer.alloc(0),
  } = options;
  const format = Buffer.alloc(kind === 0xfffe ? 40 : 16);
  format.writeUInt16LE(kind, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt32LE((rate * channels * bits) / 8, 8);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  if (kind === 0xfffe) format.writeUInt16LE(1, 24);
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', format),
    before,
    chunk('data', Buffer.alloc(samples)),
  ]);
  return chunk('RIFF', body);
}

export function chunk(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** MP3 frames of silence: MPEG 1 Layer III, 128 kbit/s, 44.1 kHz, 417 bytes each. */
export function mp3(frames = 3): Buffer {
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0x00]);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

/** An ID3v2 tag with `size` bytes (under 128) in it. */
export function id3(size: number): Buffer {
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0, 0, 0, 0, size]), Buffer.alloc(size, 0xff)]);
}
