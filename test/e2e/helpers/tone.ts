import { readFile } from 'node:fs/promises';

const RATE = 8000;

/** Share of the samples' energy that lies at `hz`, 0 to 1 (Goertzel); 0 for silence. 8 kHz audio. */
export function toneShare(samples: readonly number[], hz: number): number {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  if (energy === 0) return 0;
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / RATE);
  let [last, before] = [0, 0];
  for (const sample of samples) [last, before] = [sample + coefficient * last - before, last];
  const power = last * last + before * before - coefficient * last * before;
  return (2 * power) / (samples.length * energy);
}

/** The channels of a 16-bit wav file: of a recording, A's on the left and B's on the right. */
export async function channelsOf(file: string): Promise<number[][]> {
  const data = await readFile(file);
  const count = data.readUInt16LE(22);
  for (let at = 12; at + 8 <= data.length;) {
    const size = data.readUInt32LE(at + 4);
    if (data.toString('latin1', at, at + 4) !== 'data') {
      at += 8 + size + (size % 2);
      continue;
    }
    const channels: number[][] = Array.from({ length: count }, () => []);
    const end = Math.min(at + 8 + size, data.length) - 1;
    for (let offset = at + 8, index = 0; offset < end; offset += 2, index += 1) {
      channels[index % count]?.push(data.readInt16LE(offset));
    }
    return channels;
  }
  throw new Error('a wav file without a data chunk');
}
