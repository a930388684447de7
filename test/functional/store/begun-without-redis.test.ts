import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import type { MaskingSession } from '../../../src/masking/session.js';
import type { Store } from '../../../src/store/index.js';
import { addressOf, ALICE, BOB, DID, draft, Fixture, leg, NOW, OTHER_KEY, startOf } from './fixture.js';

const CALL = 'call-1';
const PEOPLE = { a: ALICE, b: BOB, aWasCalled: false };

let fixture: Fixture;
let store: Store;
let session: MaskingSession;
let note: string;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  store = await fixture.fresh(DID);
  session = await store.sessions.create(draft());
  note = store.calls.noteOf(start());
});

function start() {
  return startOf(session, CALL, {
    people: PEOPLE,
    recording: `${CALL}.wav`,
    startedAt: NOW + 5,
    claimUntil: Date.now() + 60_000,
  });
}

const enter = (sealed = note): Promise<boolean> =>
  store.calls.beginFromNote(addressOf(session, CALL), sealed);
const finish = (role: 'a' | 'b'): Promise<boolean> =>
  store.calls.finishLeg(addressOf(session, CALL), leg(role, role === 'a' ? CALL : 'call-1-b'));
const written = async () => (await store.sessions.get(session.id, NOW))!.interactions;

it.each([
  ['in their order', [enter, () => finish('b'), () => finish('a')]],
  ['the B leg first, as CDRs may come', [() => finish('b'), enter, () => finish('a')]],
  ['each twice', [enter, enter, () => finish('b'), () => finish('a'), enter, () => finish('a')]],
] as const)('a call that Redis did not see begin is written: %s', async (_how, steps) => {
  for (const step of steps) await step();
  expect(await written()).toMatchObject([
    { id: CALL, people: PEOPLE, recording: `${CALL}.wav`, caller: 'first', stage: 'ended' },
  ]);
  expect((await written())[0]!.legs).toHaveLength(2);
  const { callCount } = (await store.sessions.get(session.id, NOW))!.session.totals;
  expect(callCount).toBe(2);
});

it('a note changes nothing in a call that began in Redis', async () => {
  await store.calls.begin({ ...start(), startedAt: NOW, recording: 'another.wav' }, NOW);
  await enter();
  expect(await written()).toMatchObject([{ startedAt: NOW, recording: 'another.wav' }]);
});

it('a call that is up when it is entered holds its session and is seen, until it ends', async () => {
  await enter();
  const node = startOf(session, CALL).node;
  expect((await store.sessions.get(session.id, Date.now()))!.session.inProgress).toBe(true);
  expect(await store.calls.liveOn(node)).toMatchObject([{ interactionId: CALL, sessionId: session.id }]);
  await finish('b');
  await finish('a');
  expect((await store.sessions.get(session.id, Date.now()))!.session.inProgress).toBe(false);
  expect(await store.calls.liveOn(node)).toEqual([]);
  await enter();
  expect(await store.calls.liveOn(node)).toEqual([]);
});

it('a call that is entered late takes the session from nobody', async () => {
  const other = startOf(session, 'call-2', { claimUntil: Date.now() + 60_000 });
  expect(await store.calls.begin(other, Date.now())).toBe('begun');
  await enter();
  await finish('b');
  await finish('a');
  expect((await store.sessions.get(session.id, Date.now()))!.session.inProgress).toBe(true);
});

it('a note of a session that is not known any more enters nothing', async () => {
  await fixture.raw.flushall();
  expect(await enter()).toBe(true);
  expect(await fixture.raw.keys('*call*')).toEqual([]);
});

it.each([
  ['noise', () => 'noise'],
  ['changed', () => `${note.slice(0, -4)}AAAA`],
  ['of another number', () => store.calls.noteOf({ ...start(), number: '+15550009002' as typeof DID })],
  ['under a key that we do not have', () => fixture.store({ dataKeys: [OTHER_KEY] }).calls.noteOf(start())],
])('a note that is %s is refused, and enters nothing', async (_how, made) => {
  expect(await enter(made())).toBe(false);
  expect(await written()).toEqual([]);
});

it('a note tells nobody whom the call joined', () => {
  const bytes = note + Buffer.from(note.split('.')[2]!, 'base64url').toString('latin1');
  for (const number of [ALICE, BOB]) expect(bytes).not.toContain(number.slice(1));
});
