/** What a wav file should begin with, and how long it should be, in bytes. */
export interface MendedWav {
  readonly head: Buffer;
  readonly size: number;
}

/**
 * The beginning of a WAVE file of `size` bytes that begins with `head`, with the lengths that the file has, or
 * null when they cannot be told or written: no `data` chunk in sight, or 4 GiB and more. Whole samples only.
 */
export function mendedWav(head: Buffer, size: number): MendedWav | null {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null;
  let blockBytes = 0;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    const length = head.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'fmt ' && body + 16 <= head.length) blockBytes = head.readUInt16LE(body + 12);
    if (name === 'data') {
      if (blockBytes === 0 || size < body || size > 0xffff_ffff) return null;
      const samples = size - body - ((size - body) % blockBytes);
      const mended = Buffer.from(head.subarray(0, body));
      mended.writeUInt32LE(body + samples - 8, 4);
      mended.writeUInt32LE(samples, at + 4);
      return { head: mended, size: body + samples };
    }
    // Chunks begin at even offsets.
    at = body + length + (length % 2);
  }
  return null;
}
