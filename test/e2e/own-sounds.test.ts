import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Stack } from '../helpers/stack.js';
import { RealFreeSwitch } from './helpers/real-freeswitch.js';

const BUILT_IN = new URL('../../freeswitch/sounds/en/', import.meta.url).pathname;

let stack: Stack;
let freeswitch: RealFreeSwitch;

beforeAll(async () => {
  stack = await Stack.prepare({ controllers: 0, trunks: [] });
  const own = join(stack.folder, 'own-sounds');
  await mkdir(join(own, 'tlh'), { recursive: true });
  await writeFile(join(own, 'wrong-pin.wav'), 'own');
  await writeFile(join(own, 'enter-pin.wav'), 'own');
  await writeFile(join(own, 'tlh', 'enter-pin.wav'), 'own in Klingon');
  freeswitch = await RealFreeSwitch.beside(stack, {
    trunks: [],
    environment: { SOUNDS_DIR: own, PROMPT_LANGUAGE: 'tlh' },
  });
});

afterAll(async () => {
  await freeswitch.end('SIGKILL');
  await stack.close();
});

it('own sounds go before the built-in ones, those of the language before the others', async () => {
  const control = await freeswitch.control();
  const folder = (await control.api('global_getvar sound_prefix')).trim();
  control.close();
  expect(await readFile(join(folder, 'enter-pin.wav'), 'utf8')).toBe('own in Klingon');
  expect(await readFile(join(folder, 'wrong-pin.wav'), 'utf8')).toBe('own');
  expect(await readFile(join(folder, 'unavailable.wav'))).toEqual(
    await readFile(join(BUILT_IN, 'unavailable.wav')),
  );
  const prompts = (await readdir(BUILT_IN)).filter((name) => name.endsWith('.wav'));
  expect(await readdir(folder)).toEqual(prompts);
});
