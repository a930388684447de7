import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentMp3, silentWav } from '../../../sandbox/freeswitch/recording.js';
import { openSound, wavDurationMs } from '../../../sandbox/freeswitch/sounds.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'maskline-sounds-'));
  await writeFile(join(dir, 'two.wav'), silentWav(16_000, 2));
  await writeFile(join(dir, 'three.mp3'), silentMp3(3000));
  await writeFile(join(dir, 'text.wav'), 'no sound');
});
afterAll(() => rm(dir, { recursive: true }));

it('knows how long files last', async () => {
  expect(await openSound('two.wav', dir)).toMatchObject({ durationMs: 2000, isFile: true });
  const mp3 = await openSound(join(dir, 'three.mp3'), '/nowhere');
  expect(mp3!.durationMs).toBeGreaterThanOrEqual(3000);
  expect(mp3!.durationMs).toBeLessThan(3100);
});

it('knows how long silence lasts', async () => {
  expect(await openSound('silence_stream://250', dir)).toMatchObject({ durationMs: 250, isFile: false });
  expect(await openSound('silence_stream://-1', dir)).toMatchObject({ durationMs: Infinity });
});

it.each(['none.wav', 'text.wav', '', 'http://x/y.wav'])('cannot open "%s"', async (name) => {
  expect(await openSound(name, dir)).toBeNull();
});

it('takes the length of a file whose header was never finished from its size', () => {
  const wav = silentWav(8000, 1);
  wav.writeUInt32LE(0xffffffff, 40);
  expect(wavDurationMs(wav)).toBe(1000);
});
