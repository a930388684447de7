/** The length of recorded audio as the beginning of a file tells it. */
export interface AudioLength {
  readonly durationMs: number;
  /** False when the file says itself that its end is not there. */
  readonly whole: boolean;
}

/** Kilobits per second of Layer III by bitrate index: MPEG 1, then MPEG 2 and 2.5 (ISO 11172-3, 13818-3). */
const BITRATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
/** Bytes in which the first MP3 frame has to begin. */
const MP3_SEARCH = 4_096;

/** Bytes of a file that {@link wavLength} and {@link mp3Length} need to see. */
export const HEAD_BYTES = 64 * 1024;

/**
 * Length of a WAVE file of `size` bytes that begins with `head`, or null when it is none or has no sample.
 * FreeSWITCH writes the length into the header only when it closes the file, so a file that it could not
 * close has more in it than its header says, or nothing in its header.
 */
export function wavLength(head: Buffer, size: number): AudioLength | null {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null;
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    const length = head.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'fmt ' && body + 16 <= head.length) bytesPerSecond = head.readUInt32LE(body + 8);
    if (name === 'data') {
      const there = size - body;
      if (bytesPerSecond === 0 || there <= 0) return null;
      const whole = length > 0 && length <= there;
      return { durationMs: Math.round(((whole ? length : there) * 1000) / bytesPerSecond), whole };
    }
    // Chunks begin at even offsets.
    at = body + length + (length % 2);
  }
  return null;
}

/**
 * Length of an MP3 file of `size` bytes that begins with `head`, or null when it is none. FreeSWITCH records
 * at a constant bit rate (mod_shout.c), so the first frame tells that of the file. An end that is cut off
 * does not show.
 */
export function mp3Length(head: Buffer, size: number): AudioLength | null {
  const end = Math.min(head.length - 4, MP3_SEARCH);
  for (let at = 0; at <= end; at += 1) {
    const kilobits = frameRate(head, at);
    if (kilobits !== null) return { durationMs: Math.round(((size - at) * 8) / kilobits), whole: true };
  }
  return null;
}

/** Kilobits per second of the Layer III frame whose header is at `at`, or null when there is none. */
function frameRate(bytes: Buffer, at: number): number | null {
  const header = bytes.readUInt32BE(at);
  const version = (header >>> 19) & 3;
  const layer = (header >>> 17) & 3;
  if (header >>> 21 !== 0x7ff || version === 1 || layer !== 1 || ((header >>> 10) & 3) === 3) return null;
  const kilobits = BITRATES[version === 3 ? 0 : 1][(header >>> 12) & 15];
  return kilobits === undefined || kilobits === 0 ? null : kilobits;
}
