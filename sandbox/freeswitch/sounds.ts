import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

export interface Sound {
  /** The file, or the stream as it was named. */
  readonly source: string;
  /** Milliseconds; Infinity for a stream without an end. */
  readonly durationMs: number;
  /** False for silence and tones, which nobody would call a prompt. */
  readonly isFile: boolean;
}

/**
 * Opens what `playback` is given: a file, or `silence_stream://ms`. Null when FreeSWITCH could not
 * play it: no such file, or not the format that its name says.
 *
 * @param prefix folder of relative names (the global sound_prefix).
 */
export async function openSound(name: string, prefix: string): Promise<Sound | null> {
  const silence = /^silence_stream:\/\/(-?\d+)/.exec(name);
  if (silence !== null) {
    const ms = Number(silence[1]);
    return { source: name, durationMs: ms < 0 ? Infinity : ms, isFile: false };
  }
  if (name === '' || name.includes('://')) return null;
  const source = isAbsolute(name) ? name : join(prefix, name);
  let bytes: Buffer;
  try {
    bytes = await readFile(source);
  } catch {
    return null;
  }
  const durationMs = source.endsWith('.wav') ? wavDurationMs(bytes) : mp3DurationMs(bytes, source);
  return durationMs === null ? null : { source, durationMs, isFile: true };
}

/** Length of a wav file by its headers, in milliseconds; null when it is none. */
export function wavDurationMs(bytes: Buffer): number | null {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF') return null;
  let byteRate = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ' && at + 20 <= bytes.length) byteRate = bytes.readUInt32LE(at + 16);
    if (id === 'data') {
      // A recorder that died leaves a wrong size; the file's own length bounds it.
      const length = Math.min(size, bytes.length - at - 8);
      return byteRate === 0 ? null : (length / byteRate) * 1000;
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

const MP3_KBITS: Readonly<Record<'1' | '2', readonly number[]>> = {
  '1': [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Length of an MPEG layer III file by its first frame's bit rate, in milliseconds; null when it has none. */
function mp3DurationMs(bytes: Buffer, source: string): number | null {
  if (!source.endsWith('.mp3')) return null;
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    if (bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0xe6) !== 0xe2) continue;
    const version = ((bytes[at + 1] ?? 0) & 0x18) === 0x18 ? '1' : '2';
    const kbits = MP3_KBITS[version][(bytes[at + 2] ?? 0) >> 4] ?? 0;
    if (kbits > 0) return ((bytes.length - at) * 8) / kbits;
  }
  return null;
}
