import { readFile } from 'node:fs/promises';

/** Bit rates of MPEG-1 and MPEG-2 layer III, in kbit/s. */
const RATES_MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES: Readonly<Record<number, readonly number[]>> = {
  3: [44_100, 48_000, 32_000],
  2: [22_050, 24_000, 16_000],
  0: [11_025, 12_000, 8000],
};

/** Format and length of a recording, read from its own frames and chunks, in milliseconds. */
export async function audioOf(file: string): Promise<{ ms: number; format: 'wav' | 'mp3' }> {
  const data = await readFile(file);
  return data.toString('latin1', 0, 4) === 'RIFF'
    ? { ms: wavMs(data), format: 'wav' }
    : { ms: mp3Ms(data), format: 'mp3' };
}

function wavMs(data: Buffer): number {
  const bytesPerSecond = data.readUInt32LE(28);
  for (let at = 12; at + 8 <= data.length;) {
    const size = data.readUInt32LE(at + 4);
    if (data.toString('latin1', at, at + 4) === 'data') {
      return (Math.min(size, data.length - at - 8) / bytesPerSecond) * 1000;
    }
    at += 8 + size + (size % 2);
  }
  throw new Error('a wav file without a data chunk');
}

function mp3Ms(data: Buffer): number {
  let ms = 0;
  for (let at = 0; at + 4 <= data.length;) {
    const header = data.readUInt32BE(at);
    const version = (header >>> 19) & 3;
    const rates = SAMPLE_RATES[version];
    const rate = rates?.[(header >>> 10) & 3];
    const bits = (version === 3 ? RATES_MPEG1 : RATES_MPEG2)[(header >>> 12) & 15];
    const isFrame = header >>> 21 === 0x7ff && ((header >>> 17) & 3) === 1;
    if (!isFrame || rate === undefined || bits === undefined || bits === 0) {
      at += 1;
      continue;
    }
    const samples = version === 3 ? 1152 : 576;
    ms += (samples / rate) * 1000;
    at += Math.floor((samples / 8) * ((bits * 1000) / rate)) + ((header >>> 9) & 1);
  }
  if (ms === 0) throw new Error('not an mp3 file');
  return ms;
}
