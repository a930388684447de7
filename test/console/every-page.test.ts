import { readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { useBed } from './bed.js';
import { builtFiles } from './fixture/server.js';
import { PAGES } from './pages.js';

describe.each(['light', 'dark'] as const)('every page, %s', (theme) => {
  const bed = useBed({ theme, session: { sandbox: true } });

  it.each(PAGES)('%s has its title and no serious flaw', async (hash, title, wait) => {
    const page = await bed().open(hash);
    await page.locator(wait).first().waitFor();
    expect(await page.locator('h1').textContent()).toBe(title);
    expect(await page.title()).toMatch(/ · Maskline$/);
    expect(await bed().flaws()).toEqual([]);
  });

  it('the log-in and the dialogs have none either', async () => {
    const page = await bed().open('#/sessions');
    await page.getByRole('button', { name: 'New session' }).click();
    expect(await bed().flaws()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    expect(await bed().flaws()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Maskline console' }).waitFor();
    expect(await bed().flaws()).toEqual([]);
  });
});

describe('360 pixels wide', () => {
  const bed = useBed({ width: 360, session: { sandbox: true } });

  it.each(PAGES)('%s scrolls in one direction only', async (hash, _title, wait) => {
    const page = await bed().open(hash);
    await page.locator(wait).first().waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(360);
  });

  it('the menu leads to each page', async () => {
    const page = await bed().open();
    const menu = page.getByRole('button', { name: 'Menu' });
    await menu.click();
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'System', level: 1 }).waitFor();
    expect(await menu.getAttribute('aria-expanded')).toBe('false');
  });
});

describe('the first load', () => {
  it('is below 150 kB, compressed, with siblings that hold the same', () => {
    const files = builtFiles();
    const bytes = files.reduce((sum, file) => sum + statSync(`${file}.gz`).size, 0);
    expect(files.length).toBeGreaterThanOrEqual(4);
    expect(bytes).toBeLessThan(150_000);
    for (const file of files)
      expect(gzipSync(readFileSync(file), { level: 9 }).length).toBe(statSync(`${file}.gz`).size);
  });
});
