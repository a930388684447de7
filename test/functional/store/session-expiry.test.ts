import { setTimeout as sleep } from 'node:timers/promises';

import { createLogger } from '../../../src/telemetry/logger.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { SessionSweep } from '../../../src/calls/session-sweep.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { Store } from '../../../src/store/index.js';

import { ALICE, CAROL, did, DID, DID2, draft, Fixture, from, NOW, pinDraft, STRANGER } from './fixture.js';

let fixture: Fixture;
let store: Store;
beforeAll(async () => {
  fixture = await Fixture.start(['--appendfsync', 'everysec']);
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
});

const SECOND = 1000;
const hooks = { callbackUrl: 'https://callbacks.example/', sessionExpiry: 60 };

async function told(number: E164 = DID): Promise<{ id: string; kind: string; at: number }[]> {
  const { entries } = await store.outbox.read(number, 0, 1000);
  return entries.map(({ sessionId: id, kind, at }) => ({ id, kind, at }));
}

describe('the expiry of a session', () => {
  test('is reported once, when its time is over', async () => {
    const { id, expiresAt } = await store.sessions.create(draft({ settings: hooks }));
    expect(await store.expiry.report(DID, expiresAt - 1)).toEqual({ reported: 0, more: false });
    expect(await store.expiry.report(DID, expiresAt + 5)).toEqual({ reported: 1, more: false });
    expect(await store.expiry.report(DID, expiresAt + 5)).toEqual({ reported: 0, more: false });
    expect(await told()).toEqual([{ id, kind: 'timeout', at: expiresAt }]);
    expect((await store.sessions.get(id, expiresAt))?.session.endedBy).toBe('expired');
  });

  test('moves with an update, and is not reported of a session that a client ended', async () => {
    const one = await store.sessions.create(draft({ settings: hooks }));
    const two = await store.sessions.create(
      draft({ firstParty: CAROL, secondParty: STRANGER, settings: hooks }),
    );
    await store.sessions.update(one.id, { sessionExpiry: 600 }, NOW);
    await store.sessions.end(two.id, NOW + SECOND);
    expect((await store.expiry.report(DID, NOW + 599 * SECOND)).reported).toBe(0);
    expect((await store.expiry.report(DID, NOW + 600 * SECOND)).reported).toBe(1);
    expect(await told()).toEqual([{ id: one.id, kind: 'timeout', at: NOW + 600 * SECOND }]);
    expect((await store.sessions.get(two.id, NOW))?.session.endedBy).toBe('deleted');
  });

  test('a bounded number at a time, from two sweeps at once, none twice', async () => {
    const other = fixture.store();
    for (let index = 0; index < 250; index += 1) {
      const person = (series: number): E164 => `+1555${series}${String(index).padStart(6, '0')}` as E164;
      await store.sessions.create(draft({ firstParty: person(3), secondParty: person(4), settings: hooks }));
    }
    const late = NOW + 61 * SECOND;
    const first = await store.expiry.report(DID, late);
    expect(first).toEqual({ reported: 100, more: true });
    const rest = await Promise.all([store, other].map((each) => each.expiry.report(DID, late)));
    expect(rest.reduce((sum, { reported }) => sum + reported, 0)).toBe(150);
    const events = await told();
    expect(events).toHaveLength(250);
    expect(new Set(events.map(({ id }) => id)).size).toBe(250);
  });

  test('clears the indexes of the number, and changes nothing of what lives', async () => {
    await store.sessions.create(draft({ pin: pinDraft({ first: '1234', second: '4321' }), settings: hooks }));
    const later = await store.sessions.create(
      draft({ firstParty: CAROL, secondParty: STRANGER, pin: pinDraft({ first: '5555', second: '6666' }) }),
    );
    await store.expiry.report(DID, NOW + 80 * SECOND);
    for (const index of ['sessions', 'gates', 'strangers', 'due']) {
      expect(await fixture.raw.zrange(`maskline:{${DID}}:${index}`, '0', '-1')).toEqual([later.id]);
    }
    expect(await fixture.raw.zcard(`maskline:{${DID}}:pins:4`)).toBe(2);
    const { matched, pinGate } = await store.calls.route(DID, from(CAROL), NOW + 80 * SECOND);
    expect(matched?.session.id).toBe(later.id);
    expect(pinGate).not.toBeNull();
  });

  test('is reported also on a number that was given up meanwhile', async () => {
    const { id, expiresAt } = await store.sessions.create(draft({ settings: hooks }));
    await store.numbers.remove(DID, expiresAt);
    expect(await store.expiry.numbers()).toEqual([DID]);
    expect((await store.expiry.report(DID, expiresAt)).reported).toBe(1);
    expect(await told()).toEqual([{ id, kind: 'timeout', at: expiresAt }]);
    await store.expiry.report(DID, expiresAt);
    expect(await store.expiry.numbers()).toEqual([]);
  });
});

describe('the sweep', () => {
  test('runs on one of two controllers, and on the other when the first stops', async () => {
    await store.numbers.add(did(DID2));
    const reports: string[] = [];
    const sweeps = ['one', 'two'].map((controllerId) => {
      const own = fixture.store();
      return new SessionSweep({
        controllerId,
        leases: own.leases,
        expiry: {
          numbers: () => own.expiry.numbers(),
          report: (number, now) => {
            reports.push(controllerId);
            return own.expiry.report(number, now);
          },
        },
        mendIndex: (now) => own.sessions.mendIndex(now),
        now: () => NOW + 61 * SECOND,
        log: createLogger({ level: 'silent' }),
        roundMs: 10,
      });
    });
    const [one, two] = sweeps;
    one!.start();
    while (reports.length === 0) await sleep(5);
    two!.start();
    const { id } = await store.sessions.create(draft({ firstParty: ALICE, settings: hooks }));
    while ((await told()).length === 0 && (await told(DID2)).length === 0) await sleep(5);
    expect(new Set(reports)).toEqual(new Set(['one']));
    await one!.stop();
    while (!reports.includes('two')) await sleep(5);
    await two!.stop();
    expect((await store.sessions.get(id, NOW))?.session.endedBy).toBe('expired');
  });
});
