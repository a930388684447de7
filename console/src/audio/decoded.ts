/** More than this is played, but not drawn: a browser takes it apart in memory. Bytes of the file. */
export const MOST_BYTES = 30_000_000;
/** A drawing needs no more. Hz: the least that every browser takes. */
const RATE = 8_000;

/** The samples of the audio at `url`, a channel each. Throws what the browser throws when it cannot. */
export async function channelsOf(url: string, signal: AbortSignal): Promise<Float32Array[]> {
  const response = await fetch(url, { signal, credentials: 'same-origin' });
  if (!response.ok) throw new Error(`the audio was answered with ${response.status}`);
  const audio = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await response.arrayBuffer());
  return Array.from({ length: audio.numberOfChannels }, (_, channel) => audio.getChannelData(channel));
}
