/** Bytes after an ID3 tag in which the first MP3 frame has to begin: encoders pad there. */
const SEARCH = 4_096;
/** Tags that encoders and taggers append, by their first bytes: ID3v1, APEv2, Lyrics3. */
const TRAILERS = ['TAG', 'APETAGEX', 'LYRICSBEGIN'];
/** Kilobits per second of Layer III by bitrate index: MPEG 1, then MPEG 2 and 2.5 (ISO 11172-3, 13818-3). */
const BITRATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
/** Hertz of MPEG 1 by sample rate index; MPEG 2 has half of it, MPEG 2.5 a quarter. */
const SAMPLE_RATES = [44_100, 48_000, 32_000] as const;

interface Frame {
  readonly length: number;
  /** Bytes between the header and an encoder's own data in it. */
  readonly sideInfo: number;
}

/** What is wrong with an MP3 file; "" when its frames follow one another to the end. */
export function mp3Fault(bytes: Buffer): string {
  const start = id3Length(bytes);
  const end = Math.min(bytes.length, start + SEARCH);
  for (let at = start; at < end; at += 1) {
    const first = frameAt(bytes, at);
    if (first !== null && frameAt(bytes, at + first.length) !== null) return walk(bytes, at, first);
  }
  return start > 0 ? 'it is an ID3 tag without audio' : 'it is neither WAVE nor MP3';
}

/** Goes from frame to frame. The last one may be cut: it costs 26 ms of sound and many files are so. */
function walk(bytes: Buffer, start: number, first: Frame): string {
  let frames = 0;
  let at = start;
  for (let frame: Frame | null = first; frame !== null; frame = frameAt(bytes, at)) {
    frames += 1;
    at += frame.length;
  }
  const rest = bytes.length - at;
  const trailer = TRAILERS.some((name) => bytes.toString('latin1', at, at + name.length) === name);
  // Padding of zeroes is silence to decoders.
  if (rest > 0 && !trailer && bytes.subarray(at).some((byte) => byte !== 0)) {
    return 'it is MP3 with something else between its frames';
  }
  const claimed = claimedFrames(bytes, start, first);
  // The frame that holds the claim is not counted by every encoder.
  return claimed > frames + 1 ? 'it is MP3 that was cut short' : '';
}

/** Frames that the encoder's header in the first frame tells of (Xing, Info); 0 without one. */
function claimedFrames(bytes: Buffer, at: number, first: Frame): number {
  const tag = at + 4 + first.sideInfo;
  if (tag + 12 > bytes.length || !['Xing', 'Info'].includes(bytes.toString('latin1', tag, tag + 4))) return 0;
  return (bytes.readUInt32BE(tag + 4) & 1) === 0 ? 0 : bytes.readUInt32BE(tag + 8);
}

/** Bytes of the ID3v2 tag in front of the audio (id3.org, "ID3v2 header"); 0 without one. */
function id3Length(bytes: Buffer): number {
  if (bytes.length < 10 || bytes.toString('latin1', 0, 3) !== 'ID3') return 0;
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  const footer = ((bytes[5] ?? 0) & 0x10) === 0 ? 0 : 10;
  return 10 + size + footer;
}

/** The Layer III frame whose header is at `at`, or null when there is none. */
function frameAt(bytes: Buffer, at: number): Frame | null {
  if (at + 4 > bytes.length) return null;
  const header = bytes.readUInt32BE(at);
  const version = (header >>> 19) & 3;
  const layer = (header >>> 17) & 3;
  if (header >>> 21 !== 0x7ff || version === 1 || layer !== 1) return null;
  const mpeg1 = version === 3;
  const kilobits = BITRATES[mpeg1 ? 0 : 1][(header >>> 12) & 15];
  const base = SAMPLE_RATES[(header >>> 10) & 3];
  if (kilobits === undefined || kilobits === 0 || base === undefined) return null;
  const rate = mpeg1 ? base : version === 2 ? base / 2 : base / 4;
  const padding = (header >>> 9) & 1;
  const mono = ((header >>> 6) & 3) === 3;
  return {
    length: Math.floor(((mpeg1 ? 144 : 72) * kilobits * 1_000) / rate) + padding,
    sideInfo: mpeg1 ? (mono ? 17 : 32) : mono ? 9 : 17,
  };
}
