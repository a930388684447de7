import { describe, expect, it } from 'vitest';

import { useBed } from './bed.js';
import { CALL_IDS, SESSION_IDS } from './fixture/calls.js';
import { PEOPLE } from './fixture/people.js';
import { ACCOUNT } from './fixture/sessions.js';
import { TOKEN } from './fixture/server.js';

describe('logging in', () => {
  const bed = useBed();

  it('says what is wrong, and leads to the console', async () => {
    const { fixture, page } = bed();
    fixture.isLoggedIn = false;
    await page.goto(fixture.url);
    await page.getByLabel('Auth ID').fill(ACCOUNT);
    await page.getByLabel('Auth token').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').filter({ hasText: 'Check both against' }).waitFor();
    await page.getByLabel('Auth token').fill(TOKEN);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });
});

describe('calls', () => {
  const bed = useBed();

  it('are filtered, paged, and opened', async () => {
    const page = await bed().open('#/calls');
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByText('21–35 of 35').waitFor();
    await page.getByLabel('Outcome').selectOption('refused');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    expect(page.url()).toContain('outcome=refused');
    await page.locator('[data-row-link]').click();
    await page.getByText('too many wrong PINs in the last 24 hours').first().waitFor();
  });

  it('show a timeline to scale, and the same in words', async () => {
    const page = await bed().open(`#/calls/${CALL_IDS.withPin}`);
    const bar = (kind: string) => page.locator(`.span-${kind} rect`);
    await bar('ringing').waitFor();
    const width = async (kind: string, index = 0): Promise<number> =>
      (await bar(kind).nth(index).boundingBox())?.width ?? 0;
    // 15.86 s of ringing, and 8.04 s of the first PIN attempt.
    expect((await width('ringing')) / (await width('failed'))).toBeCloseTo(15.86 / 8.04, 1);
    await page.getByText('1.4 s post-dial delay').waitFor();
    const setUp = await width('ringing');
    await page.getByRole('button', { name: /^Whole call/ }).click();
    // Set-up is 37.9 s, drawn with a quarter more; the whole call 223.2 s.
    await expect.poll(async () => setUp / (await width('ringing'))).toBeCloseTo(223.2 / (37.9 * 1.25), 1);
    expect(await page.locator('ol.steps > li').count()).toBe(16);
  });

  it('are revealed, and that is in the audit log', async () => {
    const { fixture } = bed();
    const page = await bed().open(`#/calls/${CALL_IDS.withPin}`);
    await page.locator('.facts').first().waitFor();
    expect(await page.locator('body').textContent()).not.toContain(PEOPLE.chloe);
    await page.getByRole('button', { name: 'Reveal numbers' }).click();
    await page.getByText(`+${PEOPLE.chloe}`).waitFor();
    expect(fixture.state.audit[0]).toMatchObject({
      action: 'console.reveal',
      target: `trace ${CALL_IDS.withPin}`,
    });
    await page.getByRole('button', { name: 'Hide numbers' }).click();
    await expect.poll(() => page.locator('body').textContent()).not.toContain(PEOPLE.chloe);
  });

  it('that are up are hung up, once that is confirmed', async () => {
    const { fixture } = bed();
    const page = await bed().open(`#/calls/${CALL_IDS.talking}`);
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Hang up' }).click();
    await page.getByText('The call was hung up.').waitFor();
    expect(fixture.requests).toContain(`DELETE /v1/Account/${ACCOUNT}/Call/${CALL_IDS.talking}/`);
    await expect.poll(() => page.getByRole('button', { name: 'Hang up' }).count()).toBe(0);
  });
});

describe('sessions', () => {
  const bed = useBed();

  it('are created; what the controller says against a field stands at it', async () => {
    const page = await bed().open('#/sessions');
    await page.getByRole('button', { name: 'New session' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('First party', { exact: true }).fill('+447700900999');
    await form.getByLabel('Second party', { exact: true }).fill('+447700900999');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('.field.wrong').first().waitFor();
    expect(await form.locator('.field.wrong label').allTextContents()).toEqual([
      'First party',
      'Second party',
    ]);
    expect(await form.getByLabel('First party', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await form.getByLabel('Second party', { exact: true }).fill('+447700900998');
    await form.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Session on +15550001000' }).waitFor();
  });

  it('are found by a party in either place, and by their id', async () => {
    const page = await bed().open('#/sessions');
    const search = page.getByLabel('Number or session id');
    await search.fill(`+${PEOPLE.dan}`);
    await search.press('Enter');
    await expect.poll(() => page.locator('[data-row-link]').count()).toBe(1);
    await page.getByLabel('Number or session id').fill(SESSION_IDS.over);
    await page.getByLabel('Number or session id').press('Enter');
    await page.getByRole('row').filter({ hasText: 'over' }).waitFor();
    expect(await page.locator('[data-row-link]').count()).toBe(1);
  });

  it('are extended, and ended once that is confirmed', async () => {
    const { fixture } = bed();
    const page = await bed().open(`#/sessions/${SESSION_IDS.pins}`);
    await page.getByRole('button', { name: 'Extend' }).click();
    await page.getByRole('dialog').getByLabel('It lasts from now on').selectOption('14400');
    await page.getByRole('dialog').getByRole('button', { name: 'Extend' }).click();
    await page.getByText('The session ends later now.').waitFor();
    await page.getByText('in 4 h').waitFor();
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click();
    await page.getByText('The session is over.').waitFor();
    expect(fixture.state.sessions.find(({ session_uuid: id }) => id === SESSION_IDS.pins)?.status).toBe(
      'expired',
    );
  });

  it('show their callbacks, how they were answered, and send them again', async () => {
    const { fixture } = bed();
    const page = await bed().open(`#/sessions/${SESSION_IDS.pins}`);
    await page.getByRole('button', { name: 'SessionHangup', exact: true }).click();
    await page.getByRole('dialog').getByText('Bad gateway').waitFor();
    expect(await page.getByRole('dialog').textContent()).not.toContain(PEOPLE.chloe);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Send again SessionHangup 5' }).click();
    await page.getByText('SessionHangup is sent again.').waitFor();
    expect(fixture.requests).toContain(
      `POST /v1/Account/${ACCOUNT}/Masking/Session/${SESSION_IDS.pins}/Callback/5/`,
    );
    await expect.poll(() => page.getByText('waiting').count()).toBe(2);
  });

  it('show their PINs only when they are revealed', async () => {
    const page = await bed().open(`#/sessions/${SESSION_IDS.pins}`);
    await page.getByText('First party’s PIN', { exact: true }).waitFor();
    expect(await page.locator('body').textContent()).not.toContain('4711');
    await page.getByRole('button', { name: 'Reveal numbers and PINs' }).click();
    await page.getByText('4711').waitFor();
  });
});

describe('numbers, recordings, statistics', () => {
  const bed = useBed();

  it('numbers tell how near a pool is to its end', async () => {
    const page = await bed().open('#/numbers');
    await page.getByText('3 creates of the last 24 hours found no number').waitFor();
    const forecast = page.getByRole('table', { name: 'Forecast by pool' });
    await forecast.getByText('used up soon').waitFor();
    await forecast.getByText('GB: numbers for the busiest persons (9 of 12): used up in 14 days').waitFor();
    await forecast.getByRole('row').filter({ hasText: 'US' }).getByText('not used').waitFor();
    await page.getByLabel('Number, alias, country or trunk').fill('+1555');
    await page.getByLabel('Number, alias, country or trunk').press('Enter');
    await page.getByText('+15550001013').waitFor();
    await expect.poll(() => page.getByText('+442079460000').count()).toBe(0);
  });

  it('recordings are drawn, played and sought', async () => {
    const page = await bed().open(`#/recordings/${CALL_IDS.withPin}`);
    await page.locator('.wave').first().waitFor();
    expect(await page.locator('.wave').count()).toBe(2);
    const at = () => page.evaluate(() => document.querySelector('audio')?.currentTime ?? 0);
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(at, { timeout: 20_000 }).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('slider', { name: 'Position' }).focus();
    await page.keyboard.press('End');
    await expect.poll(at).toBeGreaterThan(20);
  });

  it('a recording that failed says why, and has no player', async () => {
    const { fixture } = bed();
    const page = await bed().open('#/recordings');
    await page.getByRole('row').filter({ hasText: 'failed' }).locator('[data-row-link]').click();
    await page.getByText('RECORDINGS_DIR').waitFor();
    expect(await page.locator('audio').count()).toBe(0);
    expect(fixture.requests.some((each) => each.includes('.wav'))).toBe(false);
  });

  it('charts are read by keyboard and as a table', async () => {
    const page = await bed().open('#/statistics');
    const chart = page.getByRole('group', { name: /^Calls\./ });
    await chart.focus();
    await page.keyboard.press('End');
    const readout = page.locator('.chart-readout').first();
    await expect.poll(() => readout.textContent()).toMatch(/14:00.*connected\s+\d+/);
    await page.getByText('As a table').first().click();
    await expect
      .poll(() => page.getByRole('region', { name: 'Calls, as a table' }).getByRole('row').count())
      .toBe(49);
    await page.getByRole('button', { name: 'last 7 days' }).click();
    await expect.poll(() => bed().fixture.requests.at(-1)).toContain('step=10800');
  });
});

describe('Why?, System, Audit', () => {
  const bed = useBed();

  it('Why? explains, by the rules; a number that is asked about is in no address', async () => {
    const page = await bed().open('#/why');
    await page.getByLabel('Virtual number that is called').fill('+15550001000');
    await page.getByLabel('Caller', { exact: true }).fill(`+${PEOPLE.ada}`);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('would be connected').waitFor();
    expect(await page.locator('.rules .decided').textContent()).toContain('known-caller');
    expect(page.url()).not.toContain(PEOPLE.ada);
    await page.getByLabel('Virtual number that is called').fill('12');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.locator('.field.wrong').waitFor();
  });

  it('System shows what is down', async () => {
    const page = await bed().open('#/system');
    await page.getByRole('row').filter({ hasText: 'fs-3' }).getByText('not reached').waitFor();
    await page.getByRole('row').filter({ hasText: 'carrier-b' }).getByText('down').waitFor();
  });

  it('Audit is filtered', async () => {
    const page = await bed().open('#/audit');
    await page.getByLabel('Action').fill('createSession');
    await page.getByLabel('Action').press('Enter');
    await expect.poll(() => page.getByRole('row').count()).toBe(3);
  });

  it('a failure is told with its cure and the log’s id, and can be tried again', async () => {
    const { fixture } = bed();
    fixture.failing.set('/console/api/overview', 500);
    const page = await bed().open('#/system');
    const failure = page.getByRole('alert').filter({ hasText: 'Could not load the state of the system' });
    await failure.waitFor();
    expect(await failure.textContent()).toContain('f1c7ab1e');
    fixture.failing.clear();
    await failure.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('row').filter({ hasText: 'fs-1' }).first().waitFor();
    await failure.waitFor({ state: 'detached' });
  });
});

describe('the sandbox’s phones', () => {
  const bed = useBed({ session: { sandbox: true } });

  it('call, ring, are answered, key and hang up', async () => {
    const { fixture } = bed();
    const page = await bed().open('#/phones');
    await page.getByRole('button', { name: 'Call', exact: true }).click();
    const phone = page.getByRole('article', { name: 'Phone +4915550102030' });
    await phone.getByText('ringing').waitFor();
    await phone.getByRole('button', { name: 'Answer' }).click();
    const caller = page.getByRole('article', { name: /^Call from/ });
    await caller.getByText('answered').waitFor();
    await phone.getByRole('button', { name: '7' }).click();
    await caller.getByText('keys 7').waitFor();
    await caller.getByRole('button', { name: 'Hang up' }).click();
    await caller.getByText('ended', { exact: true }).waitFor();
    await phone.getByLabel('With the next calls it').selectOption('busy');
    await expect.poll(() => fixture.state.phones.behaviours.get('+4915550102030')).toEqual({ does: 'busy' });
    await page.getByRole('button', { name: '+1 hour' }).click();
    await page.getByText('1 hour passed.').waitFor();
    await page.getByLabel('Another phone').fill('+44 7700 900102');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('article', { name: 'Phone +447700900102' }).waitFor();
  });
});

describe('without a sandbox', () => {
  const bed = useBed();

  it('there are no phones, and nothing is asked of them', async () => {
    const { fixture } = bed();
    const page = await bed().open('#/phones');
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    expect(await page.getByRole('link', { name: 'Phones' }).count()).toBe(0);
    expect(fixture.requests.some((each) => each.includes('/sandbox/'))).toBe(false);
  });
});
