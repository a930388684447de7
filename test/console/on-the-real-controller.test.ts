import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { sandboxRoutes } from '../../sandbox/routes.js';
import { Sandbox } from '../../sandbox/system.js';
import { startChromium } from '../helpers/chromium.js';

const ACCOUNT = { id: 'MACONSOLECONSOLE0000', token: 'console-test-token' };
const DID = '+15550001000';
const RIDER = '+447700900101';
const DRIVER = '+4915550102030';
const STRANGER = '+33612345678';
const PINS = ['471193', '882246'] as const;

let sandbox: Sandbox;
let browser: Browser;

beforeAll(async () => {
  sandbox = await Sandbox.start({
    account: ACCOUNT,
    virtualNumbers: [DID],
    environment: { LOG_LEVEL: 'silent', PROMPT_ALLOW_ADDRESSES: '127.0.0.0/8' },
    otherwise: { kind: 'answer', afterMs: 1_000 },
    routes: sandboxRoutes,
  });
  browser = await startChromium();
}, 60_000);
afterAll(async () => {
  await browser.close();
  await sandbox.stop();
});

async function logIn(page: Page): Promise<void> {
  await page.goto(`${sandbox.url}/console/`);
  await page.getByLabel('Auth ID').fill(ACCOUNT.id);
  await page.getByLabel('Auth token').fill(ACCOUNT.token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.locator('.connection .badge:text-is("live")').waitFor();
}

async function createPinSession(page: Page): Promise<void> {
  await page.goto(`${sandbox.url}/console/#/sessions`);
  await page.getByRole('button', { name: 'New session' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('First party', { exact: true }).fill(RIDER);
  await form.getByLabel('Second party', { exact: true }).fill(DRIVER);
  await form.getByLabel('PINs').selectOption('given');
  await form.getByLabel('Audio that asks for the PIN').fill(`${sandbox.url}/pin.wav`);
  await form.getByLabel('First party’s PIN').fill(PINS[0]);
  await form.getByLabel('Second party’s PIN').fill(PINS[1]);
  await form.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: `Session on ${DID}` }).waitFor();
}

it('a PIN call is seen live, step by step, without a number or a PIN until one is revealed', async () => {
  const problems: string[] = [];
  const answers: Promise<string>[] = [];
  const page = await (await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' })).newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('response', (response) => {
    const isData = response.headers()['content-type']?.startsWith('application/json') === true;
    // The sandbox's phones are nobody's, and a reveal is meant to tell.
    if (!isData || /\/(?:sandbox|console\/reveal)/.test(response.url())) return;
    answers.push(response.text().catch(() => ''));
  });
  await logIn(page);
  await createPinSession(page);

  await page.goto(`${sandbox.url}/console/#/overview`);
  const call = sandbox.freeswitch.place({ from: STRANGER, to: DID });
  const row = page.getByRole('row').filter({ hasText: DID });
  await row.filter({ hasText: 'asking for PIN' }).waitFor();
  await call.hears('enter-pin');
  await sleep(800);
  await call.press('111111');
  await call.hears('wrong-pin');
  await sleep(2_000);
  await call.press(PINS[0]);
  await row.filter({ hasText: 'talking' }).waitFor();
  await row.locator('[data-row-link]').click();

  await page.getByRole('heading', { name: `Call to ${DID}` }).waitFor();
  call.hangup();
  await page.getByText(/was connected by the PIN at the second attempt/).waitFor();
  const steps = (await page.locator('ol.steps > li').allTextContents()).join('\n');
  for (const text of ['The PIN is wrong.', 'The PIN is right.', 'rings.', 'The two are joined.']) {
    expect(steps).toContain(text);
  }
  const shown = await page.locator('body').textContent();
  for (const secret of [STRANGER.slice(1), ...PINS, '111111']) expect(shown).not.toContain(secret);

  await page.getByRole('button', { name: 'Reveal numbers' }).click();
  await page.getByText(STRANGER).waitFor();
  await page.goto(`${sandbox.url}/console/#/audit`);
  await page.getByText('console.reveal').first().waitFor();

  for (const name of ['calls', 'numbers', 'recordings', 'statistics', 'system', 'why']) {
    await page.goto(`${sandbox.url}/console/#/${name}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  await page.goto(`${sandbox.url}/console/#/sessions`);
  await page.locator('[data-row-link]').first().click();
  await page.getByRole('button', { name: 'End', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click();
  await page.getByText('The session is over.').waitFor();

  const told = (await Promise.all(answers)).join('\n');
  expect(told.length).toBeGreaterThan(5_000);
  for (const secret of [RIDER, DRIVER, STRANGER].map((number) => number.slice(1)).concat(PINS)) {
    expect(told).not.toContain(secret);
  }
  expect(problems).toEqual([]);
}, 90_000);
