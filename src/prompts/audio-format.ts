import { mp3Fault } from './mp3.js';
import { waveFault } from './wave.js';

/** Formats that a prompt may have. */
export type AudioFormat = 'wav' | 'mp3';

/** What bytes are: audio of a format, or what is wrong with them, in words that hold nothing private. */
export type Examined =
  { readonly format: AudioFormat; readonly fault: null } | { readonly format: null; readonly fault: string };

/**
 * What `bytes` are, judged by the bytes alone: RIFF/WAVE with PCM samples that FreeSWITCH can play, or
 * MP3. Everything else is refused, and so is audio without a sample and audio that was cut short.
 */
export function examineAudio(bytes: Buffer): Examined {
  const wave = waveFault(bytes);
  if (wave === '') return { format: 'wav', fault: null };
  if (wave !== null) return { format: null, fault: wave };
  const mp3 = mp3Fault(bytes);
  return mp3 === '' ? { format: 'mp3', fault: null } : { format: null, fault: mp3 };
}
