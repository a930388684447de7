/** npm run screenshots: docs/screenshots/<page>-<light|dark>.png of every page, from the fixture. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { Page } from 'playwright-core';

import { startChromium } from '../helpers/chromium.js';
import { CALL_IDS, SESSION_IDS } from './fixture/calls.js';
import { START } from './fixture/clock.js';
import { PEOPLE } from './fixture/people.js';
import { ConsoleFixture } from './fixture/server.js';
import { smallPng } from './small-png.js';

interface Shot {
  readonly name: string;
  readonly hash: string;
  /** Once this is there, the page is. */
  readonly wait: string;
  readonly act?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'overview', hash: '#/overview', wait: '.chart .bar' },
  { name: 'calls', hash: '#/calls', wait: '.data' },
  { name: 'call', hash: `#/calls/${CALL_IDS.withPin}`, wait: '.wave' },
  { name: 'sessions', hash: '#/sessions', wait: '.data' },
  { name: 'session', hash: `#/sessions/${SESSION_IDS.pins}`, wait: 'text=SessionHangup' },
  { name: 'numbers', hash: '#/numbers', wait: '.data' },
  { name: 'recordings', hash: '#/recordings', wait: '.data' },
  { name: 'recording', hash: `#/recordings/${CALL_IDS.withPin}`, wait: '.wave' },
  { name: 'statistics', hash: '#/statistics', wait: '.chart .bar' },
  { name: 'system', hash: '#/system', wait: '.data' },
  {
    name: 'why',
    hash: '#/why',
    wait: 'text=Nothing asked yet',
    act: async (page) => {
      await page.getByLabel('Virtual number that is called').fill('+15550001000');
      await page.getByLabel('Caller', { exact: true }).fill(`+${PEOPLE.ada}`);
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.locator('.rules').waitFor();
    },
  },
  { name: 'audit', hash: '#/audit', wait: '.data' },
  {
    name: 'phones',
    hash: '#/phones',
    wait: '.card',
    act: async (page) => {
      await page.getByRole('button', { name: 'Call', exact: true }).click();
      await page.getByRole('button', { name: 'Answer' }).click();
      await page.locator('.keypad').first().waitFor();
      await page.getByRole('button', { name: 'Dismiss' }).click();
    },
  },
];
const ON_A_PHONE = new Set(['overview', 'call']);

const only = process.argv.slice(2);
const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
await mkdir(folder, { recursive: true });
const browser = await startChromium();
try {
  for (const theme of ['light', 'dark'] as const) {
    for (const shot of SHOTS) {
      if (only.length > 0 && !only.includes(shot.name)) continue;
      await take(shot, theme, { width: 1280, height: 800 }, `${shot.name}-${theme}`);
      if (ON_A_PHONE.has(shot.name) && theme === 'light') {
        await take(shot, theme, { width: 360, height: 740 }, `${shot.name}-phone`);
      }
    }
  }
} finally {
  await browser.close();
}

async function take(
  shot: Shot,
  theme: 'light' | 'dark',
  viewport: { readonly width: number; readonly height: number },
  name: string,
): Promise<void> {
  // Each has a fixture of its own: what one did is not seen in the next.
  const fixture = await ConsoleFixture.start({ sandbox: shot.name === 'phones' }, true);
  const context = await browser.newContext({
    viewport,
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  try {
    const page = await context.newPage();
    await page.clock.setFixedTime(START);
    await page.goto(`${fixture.url}${shot.hash}`);
    await page.locator(shot.wait).first().waitFor();
    await page.locator('.badge:text-is("live")').waitFor();
    await shot.act?.(page);
    await writeFile(`${folder}${name}.png`, smallPng(await page.screenshot({ animations: 'disabled' })));
  } finally {
    await context.close();
    await fixture.close();
  }
}
