import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const RATE = 8000;

/** A recording in progress; its file is written, silent and of the right length, when it stops. */
export interface Recording {
  readonly path: string;
  readonly stereo: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What a recording left behind: the values of the variables record_*. */
export interface RecordingResult {
  readonly bytes: number;
  readonly samples: number;
  readonly ms: number;
}

/** Writes a recording's file: the folder is made when it is missing, as FreeSWITCH does. */
export async function finishRecording(recording: Recording, now: number): Promise<RecordingResult> {
  // Frames of 20 ms.
  const ms = Math.max(0, Math.floor((now - recording.startedAt) / 20) * 20);
  const samples = (ms * RATE) / 1000;
  const bytes = recording.path.endsWith('.mp3')
    ? silentMp3(ms)
    : silentWav(samples, recording.stereo ? 2 : 1);
  await mkdir(dirname(recording.path), { recursive: true });
  await writeFile(recording.path, bytes);
  return { bytes: bytes.length, samples, ms };
}

/** A wav file of silence: 16 bit, 8 kHz. */
export function silentWav(samples: number, channels: 1 | 2): Buffer {
  const dataBytes = samples * 2 * channels;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2 * channels, 28);
  header.writeUInt16LE(2 * channels, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return Buffer.concat([header, Buffer.alloc(dataBytes)]);
}

/**
 * An mp3 file of silence: MPEG-2.5 layer III, 8 kHz, 16 kbit/s mono, 72 ms and 144 bytes a frame.
 * Side information of zeros is a valid frame without any audio data.
 */
export function silentMp3(ms: number): Buffer {
  const frame = Buffer.alloc(144);
  frame.writeUInt32BE(0xffe328c4, 0);
  return Buffer.concat(Array.from({ length: Math.ceil(ms / 72) }, () => frame));
}
