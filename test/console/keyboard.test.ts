import { describe, expect, it } from 'vitest';

import { useBed } from './bed.js';
import { PEOPLE } from './fixture/people.js';

describe('by keyboard alone', () => {
  const bed = useBed();

  it('the skip link leads past the navigation', async () => {
    const page = await bed().open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    expect(page.url()).not.toContain('#main');
  });

  it('a call is found, opened, revealed, and left', async () => {
    const page = await bed().open();
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    await page.locator('[data-row-link]').first().waitFor();
    for (const key of ['j', 'j', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await page.getByText('keyed the first party’s PIN at the second attempt').waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(`+${PEOPLE.chloe}`).waitFor();
  });

  it('a session is created; the dialog keeps the focus, Esc closes it and gives the focus back', async () => {
    const page = await bed().open('#/sessions');
    await page.locator('[data-row-link]').first().waitFor();
    await page.getByRole('button', { name: 'New session' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('Tab');
      const isInside = await page.evaluate(
        // Past its end the focus is the browser's own for one step.
        () => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null,
      );
      expect(isInside).toBe(true);
    }
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('New session');
    await page.keyboard.press('n');
    await page.getByRole('dialog').getByLabel('First party', { exact: true }).focus();
    await page.keyboard.type('+447700900777');
    await page.keyboard.press('Tab');
    await page.keyboard.type('+447700900778');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^Session on/ }).waitFor();
  });

  it('keys that are typed into a field are no shortcuts, and shortcuts can be turned off', async () => {
    const page = await bed().open('#/sessions');
    await page.keyboard.press('/');
    await page.keyboard.type('gc?n');
    expect(await page.getByLabel('Number or session id').inputValue()).toBe('gc?n');
    await page.locator('h1').focus();
    await page.keyboard.press('?');
    await page.getByLabel('Single keys are shortcuts').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForTimeout(200);
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('what has the focus shows it', async () => {
    const page = await bed().open();
    await page.locator('[data-row-link]').first().waitFor();
    await page.keyboard.press('j');
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
      return `${outlineStyle} ${outlineWidth}`;
    });
    expect(outline).toBe('solid 2px');
  });

  it('the colours are switched and stay so', async () => {
    const page = await bed().open();
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.keyboard.press('t');
    await page.keyboard.press('t');
    await expect.poll(ground).not.toBe(light);
    await page.reload();
    await page.locator('h1').waitFor();
    expect(await ground()).not.toBe(light);
  });
});
