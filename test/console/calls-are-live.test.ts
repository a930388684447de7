import { describe, expect, it } from 'vitest';

import type { FeedStep } from '../../console/src/api/trace.js';
import { useBed } from './bed.js';
import { CALL_IDS } from './fixture/calls.js';
import { iso } from './fixture/clock.js';
import { ACCOUNT } from './fixture/sessions.js';

function step(own: Partial<FeedStep> & Pick<FeedStep, 'call_uuid' | 'step'>): FeedStep {
  return {
    ...{
      virtual_number: '15550001000',
      session_uuid: null,
      node: 'fs-1',
      at: iso(1),
      leg: null,
      text: 'A step.',
    },
    ...own,
  };
}

describe('live calls', () => {
  const bed = useBed();

  it('show their stage and tick on the controller’s clock', async () => {
    const page = await bed().open();
    const row = page.getByRole('row').filter({ hasText: 'talking' });
    const duration = row.getByRole('cell').nth(4);
    // It began 252 s before the fixture, whose day is another one than this machine's.
    const first = await duration.textContent();
    expect(first).toMatch(/^4:1\d$/);
    await expect.poll(() => duration.textContent(), { timeout: 10_000 }).not.toBe(first);
  });

  it('follow the feed at once, and the list soon after', async () => {
    const { fixture } = bed();
    const page = await bed().open();
    const ringing = page.getByRole('row').filter({ hasText: 'ringing' });
    await ringing.waitFor();
    fixture.feed.tell(step({ call_uuid: CALL_IDS.ringing, step: 'joined' }));
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'talking' }).count()).toBe(2);
    fixture.state.calls = fixture.state.calls.filter(({ call_uuid: id }) => id !== CALL_IDS.ringing);
    fixture.feed.tell(step({ call_uuid: CALL_IDS.ringing, step: 'ended' }));
    await expect
      .poll(() => page.getByRole('row').filter({ hasText: 'talking' }).count(), { timeout: 10_000 })
      .toBe(1);
    await expect.poll(() => ringing.count()).toBe(0);
  });

  it('that are new show without a reload', async () => {
    const { fixture } = bed();
    const page = await bed().open();
    await page.getByRole('row').filter({ hasText: 'talking' }).waitFor();
    const [first] = fixture.state.calls;
    const id = '5a3cffff-0001-4b1d-9c0e-0000000000ff';
    fixture.state.calls = [
      { ...first!, call_uuid: id, virtual_number: '442079460000' },
      ...fixture.state.calls,
    ];
    fixture.feed.tell(step({ call_uuid: id, step: 'received' }));
    await page.locator(`a[href="#/calls/${id}"]`).waitFor();
  });
});

describe('a lost connection', () => {
  const bed = useBed();

  it('is told with its time, tried again, and what was missed is told again', async () => {
    const { fixture } = bed();
    const page = await bed().open();
    fixture.feed.tell(step({ call_uuid: CALL_IDS.talking, step: 'claimed' }));
    fixture.feed.tell(step({ call_uuid: CALL_IDS.prompted, step: 'claimed' }));
    await page.getByRole('row').filter({ hasText: 'asking for PIN' }).waitFor();
    // So that the last id is known before the connection goes.
    await page.waitForTimeout(300);
    fixture.feed.cut();
    const banner = page.getByRole('alert').filter({ hasText: 'Not live since' });
    await banner.waitFor();
    expect(await banner.textContent()).toMatch(/Not live since \d\d:\d\d:\d\d\./);
    // Meanwhile something happens, which nobody is told of; and the list, which would tell, too, cannot be had.
    fixture.failing.set(`/v1/Account/${ACCOUNT}/Masking/Explain/Call/`, 500);
    fixture.feed.tell(step({ call_uuid: CALL_IDS.prompted, step: 'dialed' }));
    fixture.feed.restore();
    await banner.waitFor({ state: 'detached' });
    await page.locator('.connection .badge:text-is("live")').waitFor();
    expect(fixture.feed.asked.at(-1)).toBe('2');
    await page.getByRole('row').filter({ hasText: 'dialing' }).waitFor();
  });

  it('can be tried by hand, waits longer each time, and goes through a reset', async () => {
    const { fixture } = bed();
    const page = await bed().open();
    fixture.feed.tell(step({ call_uuid: CALL_IDS.talking, step: 'claimed' }));
    await page.waitForTimeout(300);
    fixture.feed.cut();
    const again = page.getByRole('button', { name: 'Try now' });
    await again.waitFor();
    const tries = fixture.feed.asked.length;
    await again.click();
    await expect.poll(() => fixture.feed.asked.length).toBe(tries + 1);
    fixture.feed.forget();
    fixture.feed.restore();
    const before = fixture.requests.length;
    await again.click();
    await page.locator('.connection .badge:text-is("live")').waitFor();
    // What was not kept is loaded afresh.
    await expect
      .poll(() => fixture.requests.slice(before).some((each) => each.includes('/Explain/Call/?status=live')))
      .toBe(true);
  });

  it('of somebody who was logged out leads to the log-in', async () => {
    const { fixture } = bed();
    const page = await bed().open();
    fixture.isLoggedIn = false;
    await page.getByRole('heading', { name: 'Maskline console' }).waitFor({ timeout: 15_000 });
  });
});
