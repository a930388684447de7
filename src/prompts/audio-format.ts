/** Formats that a prompt may have. */
export type AudioFormat = 'wav' | 'mp3';

const WAVE_PCM = 0x0001;
const WAVE_EXTENSIBLE = 0xfffe;
/** Bytes after an ID3 tag in which the first MP3 frame has to begin: encoders pad there. */
const MP3_SEARCH = 4_096;
/** Kilobits per second of Layer III by bitrate index: MPEG 1, then MPEG 2 and 2.5 (ISO 11172-3, 13818-3). */
const BITRATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
/** Hertz of MPEG 1 by sample rate index; MPEG 2 has half of it, MPEG 2.5 a quarter. */
const SAMPLE_RATES = [44_100, 48_000, 32_000] as const;

/**
 * What `bytes` are, judged by the bytes alone: RIFF/WAVE with PCM samples that FreeSWITCH can play, or
 * MP3 (two frames that follow one another). Null for everything else, and for audio without a sample.
 */
export function audioFormatOf(bytes: Buffer): AudioFormat | null {
  if (isWave(bytes)) return 'wav';
  return isMp3(bytes) ? 'mp3' : null;
}

function isWave(bytes: Buffer): boolean {
  if (tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE') return false;
  let playable = false;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = tag(bytes, at);
    const size = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'data') return playable && size > 0 && body < bytes.length;
    if (name === 'fmt ') playable = isPlayablePcm(bytes.subarray(body, body + size));
    // Chunks begin at even offsets.
    at = body + size + (size % 2);
  }
  return false;
}

function isPlayablePcm(format: Buffer): boolean {
  if (format.length < 16) return false;
  const kind = format.readUInt16LE(0);
  const pcm =
    kind === WAVE_PCM ||
    (kind === WAVE_EXTENSIBLE && format.length >= 26 && format.readUInt16LE(24) === WAVE_PCM);
  const channels = format.readUInt16LE(2);
  const rate = format.readUInt32LE(4);
  const bits = format.readUInt16LE(14);
  return (
    pcm &&
    (channels === 1 || channels === 2) &&
    rate >= 8_000 &&
    rate <= 48_000 &&
    [8, 16, 24, 32].includes(bits)
  );
}

function isMp3(bytes: Buffer): boolean {
  const start = id3Length(bytes);
  const end = Math.min(bytes.length, start + MP3_SEARCH);
  for (let at = start; at < end; at += 1) {
    const length = frameLength(bytes, at);
    if (length !== null && frameLength(bytes, at + length) !== null) return true;
  }
  return false;
}

/** Bytes of the ID3v2 tag in front of the audio (id3.org, "ID3v2 header"); 0 without one. */
function id3Length(bytes: Buffer): number {
  if (bytes.length < 10 || bytes.toString('latin1', 0, 3) !== 'ID3') return 0;
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  const footer = ((bytes[5] ?? 0) & 0x10) === 0 ? 0 : 10;
  return 10 + size + footer;
}

/** Bytes of the Layer III frame whose header is at `at`, or null when there is none. */
function frameLength(bytes: Buffer, at: number): number | null {
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
  return Math.floor(((mpeg1 ? 144 : 72) * kilobits * 1_000) / rate) + padding;
}

function tag(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4);
}
