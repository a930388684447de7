import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { PinAttempt, PinCheck } from '../../../src/calls/ports.js';
import type { Caller } from '../../../src/masking/caller.js';
import {
  DEFAULT_PIN_GUARD,
  ownDigitsOf,
  type PinGuardNews,
  type PinGuardRules,
} from '../../../src/masking/pin-guard.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { Store } from '../../../src/store/index.js';
import {
  ANONYMOUS,
  BOB,
  CAROL,
  did,
  DID,
  DID2,
  draft,
  Fixture,
  from,
  NOW,
  pinDraft,
  STRANGER,
} from './fixture.js';

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;
/** Last digits of ALICE's number, whose PIN is the first one. */
const ALICES = '001001';
const PIN = '1234';

let fixture: Fixture;
let store: Store;
let news: PinGuardNews[];
let calls = 0;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.raw.flushall();
  news = [];
  store = storeWith({});
  await store.numbers.add(did(DID));
});

function storeWith(rules: Partial<PinGuardRules>): Store {
  return fixture.store({
    pinGuard: { ...DEFAULT_PIN_GUARD, ...rules },
    onPinGuard: (each) => news.push(each),
  });
}

function aPinSession(changes: Parameters<typeof draft>[0] = {}, second = '4321'): Promise<MaskingSession> {
  return store.sessions.create(
    draft({
      pin: pinDraft({ first: PIN, second }),
      ...changes,
      settings: { sessionExpiry: WEEK / 1000, ...changes.settings },
    }),
  );
}

function anAttempt(): PinAttempt {
  calls += 1;
  return { callId: `call-${calls}`, number: 1 };
}

/** One attempt: the PIN, and the digits of the own number if they are asked for. */
async function key(who: Caller, pin: string, own: string, at = NOW): Promise<PinCheck & { asked: boolean }> {
  const look = await store.calls.lookAtPin(DID, who, pin, at);
  const attempt = anAttempt();
  const check = await store.calls.checkPin(DID, who, pin, at, attempt);
  // Who rehearses a call is told what is then done.
  expect(look.result).toBe(check.result);
  if (look.result !== 'asked') return { ...check, asked: false };
  const settled = await store.calls.checkOwnDigits(DID, who, own, at, attempt);
  const isOwn = look.match !== null && ownDigitsOf(look.match.session, look.match.party) === own;
  expect(settled.result).toBe(isOwn && look.mayAnswer ? 'matched' : 'wrong');
  return { ...settled, asked: true };
}

function stranger(index: number): Caller {
  return from(`+1555300${String(index).padStart(4, '0')}` as E164);
}

/** Wrong PINs, each of another caller. Two live PINs of 4 digits are guarded after 25 of them. */
async function guess(times: number, at = NOW, firstOne = 0): Promise<void> {
  for (let index = 0; index < times; index += 1) await key(stranger(firstOne + index), '0000', '000000', at);
}

describe('a number', () => {
  test('is guarded once callers who never got in have spent its risk, for the hours in which they did', async () => {
    await aPinSession();
    await guess(24);
    expect(await key(stranger(900), PIN, '')).toMatchObject({ result: 'matched', asked: false });
    expect(news).toEqual([]);
    await guess(1, NOW, 100);
    const until = (Math.floor(NOW / HOUR) + 25) * HOUR;
    expect(news).toEqual([{ kind: 'began', number: DID, length: 4, until }]);
    expect(await store.pinGuards.of(DID, NOW)).toEqual([
      { length: 4, live: 2, left: 0, guardedUntil: until },
    ]);
    expect(await key(stranger(901), PIN, ALICES)).toMatchObject({ result: 'matched', asked: true });
    expect(await key(stranger(902), PIN, ALICES, until - 1)).toMatchObject({ asked: true });
    expect(await key(stranger(903), PIN, '', until)).toMatchObject({ result: 'matched', asked: false });
  });

  test('says once that its guard is over, also when nobody calls', async () => {
    await aPinSession();
    await guess(25);
    const until = (Math.floor(NOW / HOUR) + 25) * HOUR;
    await expect.poll(() => store.pinGuards.review(until - 1)).toEqual([]);
    const other = storeWith({});
    const reviews = await Promise.all([store.pinGuards.review(until), other.pinGuards.review(until)]);
    expect(reviews.flat()).toEqual([{ kind: 'ended', number: DID, length: 4 }]);
    expect(await store.pinGuards.review(until + WEEK)).toEqual([]);
  });

  test('spends by the hour what came in it, so that no 24 hours exceed the risk', async () => {
    await aPinSession();
    await guess(15, NOW);
    await guess(10, NOW + 20 * HOUR, 20);
    expect(await key(stranger(900), PIN, '', NOW + 20 * HOUR)).toMatchObject({
      asked: true,
      result: 'wrong',
    });
    await guess(15, NOW + 26 * HOUR, 40);
    expect(await key(stranger(901), PIN, '', NOW + 26 * HOUR)).toMatchObject({ asked: true });
  });

  test('is guarded from the first attempt when one guess is more than the risk', async () => {
    store = storeWith({ guessRisk: 0.0001 });
    await aPinSession();
    expect(await key(stranger(1), PIN, ALICES)).toMatchObject({ asked: true, result: 'matched' });
    expect(news).toEqual([{ kind: 'began', number: DID, length: 4, until: Infinity }]);
    expect(await store.pinGuards.of(DID, NOW)).toMatchObject([{ left: 0, guardedUntil: Infinity }]);
  });

  test('guards the PINs of each length for themselves', async () => {
    await aPinSession({}, '87654321');
    await guess(51);
    expect(await key(stranger(900), PIN, '')).toMatchObject({ asked: true });
    expect(await key(stranger(901), '87654321', '')).toMatchObject({ asked: false, result: 'matched' });
  });

  test('does not ask for more after digits that no live PIN has the length of', async () => {
    await aPinSession();
    await guess(25);
    expect(await key(stranger(900), '12345', ALICES)).toMatchObject({ asked: false, result: 'wrong' });
  });
});

describe('the question for the own number', () => {
  beforeEach(async () => {
    store = storeWith({ guessRisk: 0 });
    await aPinSession();
  });

  test.each([
    ['a right PIN and right digits', PIN, ALICES, 'matched'],
    ["a right PIN and the other party's digits", PIN, '001002', 'wrong'],
    ['a right PIN and no digits', PIN, '', 'wrong'],
    ['a right PIN and digits that begin right', PIN, '00100', 'wrong'],
    ['a wrong PIN and digits of a party', '0000', ALICES, 'wrong'],
    ['a wrong PIN and no digits', '0000', '', 'wrong'],
  ])('%s', async (_, pin, own, result) => {
    expect(await key(from(STRANGER), pin, own)).toMatchObject({ asked: true, result });
  });

  test('is answered once, and a repeat of either question changes nothing', async () => {
    const attempt = anAttempt();
    const first = (pin: string) => store.calls.checkPin(DID, from(CAROL), pin, NOW, attempt);
    const second = (own: string) => store.calls.checkOwnDigits(DID, from(CAROL), own, NOW, attempt);
    expect(await first(PIN)).toEqual({ result: 'asked' });
    expect(await first(PIN)).toEqual({ result: 'asked' });
    expect(await second('999999')).toEqual({ result: 'wrong' });
    expect(await second('999999')).toEqual({ result: 'wrong' });
    expect(await second(ALICES)).toEqual({ result: 'wrong' });
    const other = anAttempt();
    expect(await store.calls.checkPin(DID, from(CAROL), PIN, NOW, other)).toEqual({ result: 'asked' });
    for (let again = 0; again < 2; again += 1) {
      expect((await store.calls.checkOwnDigits(DID, from(CAROL), ALICES, NOW, other)).result).toBe('matched');
    }
  });

  test('was not asked of an attempt that is not known', async () => {
    expect(await store.calls.checkOwnDigits(DID, from(CAROL), ALICES, NOW, anAttempt())).toEqual({
      result: 'wrong',
    });
  });

  test('is not answered once the session is over', async () => {
    const attempt = anAttempt();
    await store.calls.checkPin(DID, from(CAROL), PIN, NOW, attempt);
    const late = NOW + WEEK;
    expect((await store.calls.checkOwnDigits(DID, from(CAROL), ALICES, late, attempt)).result).toBe('wrong');
  });

  test('can be answered wrongly only so often about one PIN, whoever answers', async () => {
    for (let index = 0; index < 10; index += 1) await key(stranger(index), PIN, '999999');
    expect(await key(stranger(900), PIN, ALICES)).toMatchObject({ asked: true, result: 'wrong' });
    expect(await key(stranger(901), '4321', '001002')).toMatchObject({ asked: true, result: 'matched' });
    expect(await key(stranger(902), PIN, ALICES, NOW + 25 * HOUR)).toMatchObject({ result: 'matched' });
  });

  test('has no answer for a party whose number is not known', async () => {
    await store.numbers.add(did(DID2));
    const single = await store.sessions.create(
      draft({
        firstParty: CAROL,
        secondParty: null,
        virtualNumber: DID2,
        pin: pinDraft({ first: '1111', second: '2222' }),
      }),
    );
    const attempt = anAttempt();
    expect(await store.calls.checkPin(DID2, from(STRANGER), '2222', NOW, attempt)).toEqual({
      result: 'asked',
    });
    expect(await store.calls.checkOwnDigits(DID2, from(STRANGER), '', NOW, attempt)).toEqual({
      result: 'wrong',
    });
    expect(single.secondParty).toBeNull();
  });
});

describe('a phone that got in', () => {
  const PHONE = from(BOB);

  test('is not asked for more, whatever others guess', async () => {
    await aPinSession();
    expect(await key(PHONE, '4321', '')).toMatchObject({ result: 'matched' });
    await guess(60);
    expect(await key(PHONE, PIN, '')).toMatchObject({ asked: false, result: 'matched' });
  });

  test('also if it got in by digits of its own number', async () => {
    await aPinSession();
    await guess(25);
    expect(await key(PHONE, '4321', '001002')).toMatchObject({ asked: true, result: 'matched' });
    expect(await key(PHONE, PIN, '')).toMatchObject({ asked: false, result: 'matched' });
  });

  test('answers for its own wrong PINs: it is asked for more, never refused, and keeps the PIN that it used', async () => {
    await aPinSession();
    await key(PHONE, '4321', '');
    for (let wrong = 0; wrong < 40; wrong += 1) {
      expect(await key(PHONE, '0000', '')).toMatchObject({ result: 'wrong', asked: wrong >= 3 });
    }
    expect((await store.calls.route(DID, PHONE, NOW)).refusedUntil).toBeNull();
    expect(await key(PHONE, PIN, ALICES)).toMatchObject({ asked: true, result: 'matched' });
    expect(await key(PHONE, '4321', '')).toMatchObject({ asked: false, result: 'matched' });
  });

  test('costs strangers nothing by its wrong PINs', async () => {
    await aPinSession();
    await key(PHONE, '4321', '');
    for (let wrong = 0; wrong < 40; wrong += 1) await key(PHONE, '0000', '');
    expect(await store.pinGuards.of(DID, NOW)).toMatchObject([{ left: 25, guardedUntil: null }]);
  });

  test('is forgotten after the days that are configured, and those who withhold their number at once', async () => {
    await aPinSession();
    await key(PHONE, '4321', '');
    await key(ANONYMOUS, '4321', '');
    const later = NOW + 6 * 24 * HOUR;
    await guess(25, later);
    expect(await key(PHONE, '4321', '', later)).toMatchObject({ asked: false });
    expect(await key(ANONYMOUS, '4321', '', later)).toMatchObject({ asked: true });
    store = storeWith({ remember: 24 * HOUR });
    await key(from(CAROL), PIN, ALICES, later);
    expect(await key(from(CAROL), '4321', '', later + 23 * HOUR)).toMatchObject({ asked: false });
  });

  test('is forgotten when its time is over', async () => {
    store = storeWith({ remember: HOUR });
    await aPinSession();
    await key(PHONE, '4321', '');
    await guess(25);
    expect(await key(PHONE, '4321', '', NOW + HOUR - 1)).toMatchObject({ asked: false });
    expect(await key(from(CAROL), PIN, ALICES)).toMatchObject({ asked: true, result: 'matched' });
    expect(await key(from(CAROL), PIN, '', NOW + HOUR)).toMatchObject({ asked: true });
  });
});

describe('one caller', () => {
  test('is asked for more after 3 wrong PINs, refused after 20, and let in again a day later', async () => {
    await aPinSession();
    for (let wrong = 0; wrong < 20; wrong += 1) {
      expect(await key(from(STRANGER), '0000', '')).toMatchObject({ asked: wrong >= 3, result: 'wrong' });
      await key(from(STRANGER), '', '');
    }
    // Nothing keyed after the question is no guess.
    expect((await store.calls.route(DID, from(STRANGER), NOW)).refusedUntil).toBeNull();
    for (let wrong = 0; wrong < 17; wrong += 1) await key(from(STRANGER), '0000', '999999');
    expect(await key(from(STRANGER), PIN, ALICES)).toMatchObject({ result: 'refused' });
    const { refusedUntil } = await store.calls.route(DID, from(STRANGER), NOW);
    expect(refusedUntil).toBe((Math.floor(NOW / HOUR) + 25) * HOUR);
    expect((await store.calls.route(DID, from(CAROL), NOW)).refusedUntil).toBeNull();
    expect(await key(from(CAROL), PIN, '')).toMatchObject({ asked: false, result: 'matched' });
    expect(await key(from(STRANGER), PIN, '', refusedUntil!)).toMatchObject({ result: 'matched' });
  });

  test('a repeated question about one attempt counts once', async () => {
    await aPinSession();
    const attempt = anAttempt();
    for (let again = 0; again < 5; again += 1) {
      expect((await store.calls.checkPin(DID, from(STRANGER), '0000', NOW, attempt)).result).toBe('wrong');
    }
    expect(await key(from(STRANGER), PIN, '')).toMatchObject({ asked: false, result: 'matched' });
  });

  test('a repeated question after a right PIN is answered as before, also once the number is guarded', async () => {
    await aPinSession();
    const attempt = anAttempt();
    expect((await store.calls.checkPin(DID, ANONYMOUS, PIN, NOW, attempt)).result).toBe('matched');
    await guess(25);
    expect((await store.calls.checkPin(DID, ANONYMOUS, PIN, NOW, attempt)).result).toBe('matched');
  });
});

describe('callers who withhold their number', () => {
  test('are one caller with half of the risk: never refused, and no harm to others', async () => {
    await aPinSession();
    for (let wrong = 0; wrong < 60; wrong += 1) {
      const { asked } = await key(ANONYMOUS, '0000', '999999');
      expect(asked).toBe(wrong >= 12);
    }
    expect((await store.calls.route(DID, ANONYMOUS, NOW)).refusedUntil).toBeNull();
    expect(await key(ANONYMOUS, PIN, ALICES)).toMatchObject({ asked: true, result: 'matched' });
    expect(await key(stranger(1), PIN, '')).toMatchObject({ asked: false, result: 'matched' });
  });
});

describe('all numbers together', () => {
  test('are guarded once their risk is spent, for strangers, and it is told once', async () => {
    store = storeWith({ overallRisk: 0.002 });
    await aPinSession();
    await key(from(CAROL), PIN, '');
    await guess(10);
    const until = (Math.floor(NOW / HOUR) + 25) * HOUR;
    await expect.poll(() => news).toEqual([{ kind: 'overall-began', until }]);
    expect(await key(stranger(900), PIN, ALICES)).toMatchObject({ asked: true, result: 'matched' });
    expect(await key(from(CAROL), '4321', '')).toMatchObject({ asked: false, result: 'matched' });
    // Another controller learns of it with the first wrong PIN that it counts.
    store = storeWith({ overallRisk: 0.002 });
    await key(stranger(901), '0000', '');
    await expect.poll(() => news).toHaveLength(2);
    expect(await key(stranger(902), PIN, ALICES)).toMatchObject({ asked: true });
    // It looks again by itself.
    await key(stranger(903), PIN, '', until + HOUR);
    await expect.poll(() => news.at(-1)).toEqual({ kind: 'overall-ended' });
    expect(await key(stranger(904), PIN, '', until + HOUR)).toMatchObject({ asked: false });
  });
});
