const PCM = 0x0001;
const EXTENSIBLE = 0xfffe;
/** Stands for a length in files that were written as a stream: the samples go on to the end. */
const UNKNOWN_LENGTH = 0xffffffff;

/** What is wrong with a WAVE file; "" for one that FreeSWITCH can play, null when it is no WAVE file at all. */
export function waveFault(bytes: Buffer): string | null {
  if (tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE') return null;
  let frameBytes = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = tag(bytes, at);
    const size = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'data') return samplesFault(frameBytes, size, bytes.length - body);
    if (name === 'fmt ') {
      frameBytes = playableFrame(bytes.subarray(body, body + size));
      if (frameBytes === 0) return 'it is WAVE, but not PCM of 8 to 48 kHz with one or two channels';
    }
    // Chunks begin at even offsets.
    at = body + size + (size % 2);
  }
  return 'it is WAVE without samples';
}

function samplesFault(frameBytes: number, size: number, present: number): string {
  if (frameBytes === 0) return 'it is WAVE whose samples come before their format';
  const length = size === UNKNOWN_LENGTH ? present : size;
  if (length < frameBytes) return 'it is WAVE without samples';
  return length > present ? 'it is WAVE that was cut short, or claims more samples than it has' : '';
}

/** Bytes that one instant of all channels takes, or 0 for what FreeSWITCH cannot play. */
function playableFrame(format: Buffer): number {
  if (format.length < 16) return 0;
  const kind = format.readUInt16LE(0);
  const pcm = kind === PCM || (kind === EXTENSIBLE && format.length >= 26 && format.readUInt16LE(24) === PCM);
  const channels = format.readUInt16LE(2);
  const rate = format.readUInt32LE(4);
  const frame = format.readUInt16LE(12);
  const bits = format.readUInt16LE(14);
  const playable =
    pcm &&
    (channels === 1 || channels === 2) &&
    rate >= 8_000 &&
    rate <= 48_000 &&
    [8, 16, 24, 32].includes(bits) &&
    frame === (channels * bits) / 8;
  return playable ? frame : 0;
}

function tag(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4);
}
