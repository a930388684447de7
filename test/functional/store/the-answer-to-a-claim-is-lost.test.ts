import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { AuditEntry } from '../../../src/masking/audit.js';
import { Scripts, type Store, type WithdrawalNews } from '../../../src/store/index.js';
import { RedisProxy } from '../../helpers/redis-proxy.js';
import { ALICE, BOB, did, DID, draft, Fixture, from, pinDraft, startOf } from './fixture.js';

/** Milliseconds that the store waits for an answer. */
const PATIENCE = 300;
/** Beginning of the claim's script, which is sent in full the first time. */
const CLAIM = 'Puts a session on a number';

let fixture: Fixture;
let proxy: RedisProxy;
let news: WithdrawalNews[];
/** Speaks to Redis through the proxy. */
let store: Store;
/** Speaks to Redis itself. */
let other: Store;
beforeEach(async () => {
  fixture = await Fixture.start();
  proxy = await RedisProxy.start(fixture.redis.port);
  news = [];
  store = fixture.store({
    url: proxy.url,
    commandTimeout: PATIENCE,
    onWithdrawal: (told) => void news.push(told),
  });
  other = fixture.store();
  await other.numbers.add(did(DID));
  await store.ready();
});
afterEach(async () => {
  proxy.flow();
  await fixture.stop();
  await proxy.close();
});

const now = (): number => Date.now();
const states = (): string[] => news.map(({ state }) => state);
const wanted = (changes: Parameters<typeof draft>[0] = {}) => draft({ now: now(), ...changes });
const sessions = async (): Promise<string[]> => fixture.raw.keys('maskline:*:session:*');

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10);
}

/** A create whose claim is carried out, and whose answer is lost for longer than anybody waits. */
async function loseTheAnswer(changes: Parameters<typeof draft>[0] = {}): Promise<string> {
  proxy.upon(CLAIM, 'deaf');
  await expect(store.sessions.create(wanted(changes))).rejects.toMatchObject({
    code: 'ERR_STORE_UNAVAILABLE',
  });
  expect(news).toMatchObject([{ state: 'owed' }]);
  // It was carried out: that is what nobody may ever notice.
  expect(await sessions()).toEqual([`maskline:{${DID}}:session:${news[0]!.sessionId}`]);
  return news[0]!.sessionId;
}

test('the connection breaks before the answer: the session is found, and its client is told of it', async () => {
  proxy.upon(CLAIM, 'broken');
  const { id } = await store.sessions.create(wanted());
  expect(proxy.triggered).toBe(true);
  expect((await other.sessions.get(id, now()))?.session.id).toBe(id);
  expect(news).toEqual([]);
});

test.each([
  ['of two parties', {}],
  ['with PINs', { pin: pinDraft({ first: '1234', second: '9876' }) }],
  ['with a single party', { secondParty: null }],
  ['with an announcement', { settings: { unknownCallerPlay: 'https://x.example/u.wav' } }],
])('a session %s that was written unheard is gone once Redis answers again', async (_, changes) => {
  const id = await loseTheAnswer(changes);
  proxy.flow();
  await until(() => states().includes('dropped'));
  expect(news).toMatchObject([{ state: 'owed' }, { state: 'dropped', sessionId: id }]);
  expect(await other.sessions.get(id, now())).toBeNull();
  const all = { accountIds: null, status: 'all', created: {}, expiry: {}, duration: {} } as const;
  expect((await other.sessions.list({ ...all, limit: 20, offset: 0 }, now())).total).toBe(0);
  const routes = await other.calls.route(DID, from(ALICE), now());
  expect(routes).toMatchObject({ matched: null, open: null });
  // Nothing but what leads nowhere, for a while, and the days that had sessions.
  const left = (await fixture.raw.keys('maskline:*')).filter((key) => !key.includes('{numbers}'));
  expect(left.sort()).toEqual([
    `maskline:{${DID}}`,
    `maskline:{${DID}}:given-up:${id}`,
    'maskline:{sessions}:days',
  ]);
  const again = await other.sessions.create(wanted(changes));
  expect(again.virtualNumber).toBe(DID);
});

test('a client that comes again finds the number free', async () => {
  await loseTheAnswer();
  proxy.flow();
  for (;;) {
    const again = await store.sessions.create(wanted()).catch((error: unknown) => error as { code?: string });
    if ('id' in again) {
      expect(await sessions()).toEqual([`maskline:{${DID}}:session:${again.id}`]);
      break;
    }
    expect(again).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  }
});

test('one in which a call was made meanwhile is ended, and the call stays readable', async () => {
  const id = await loseTheAnswer();
  const { session } = (await other.sessions.get(id, now()))!;
  expect(await other.calls.begin(startOf(session, 'call-1', { claimUntil: now() + 60_000 }), now())).toBe(
    'begun',
  );
  proxy.flow();
  await until(() => states().includes('ended'));
  const read = (await other.sessions.get(id, now()))!;
  expect(read.session.endedBy).toBe('deleted');
  expect(read.interactions).toMatchObject([{ id: 'call-1' }]);
  const routes = await other.calls.route(DID, from(BOB), now());
  expect(routes.matched).toBeNull();
});

test('a claim that Redis comes to when nobody waits any more does nothing', async () => {
  proxy.upon(CLAIM, 'holding');
  await expect(store.sessions.create(wanted())).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  const { id } = await other.sessions.create(wanted({ firstParty: ALICE, secondParty: BOB }));
  await other.sessions.end(id, now() + 1);
  // The number is free, and Redis has heard of no withdrawal: only its clock speaks against the claim.
  const before = await fixture.raw.info('commandstats');
  proxy.deliver();
  const evals = (info: string): number => Number(/cmdstat_eval:calls=(\d+)/.exec(info)?.[1] ?? 0);
  await until(async () => evals(await fixture.raw.info('commandstats')) > evals(before));
  await sleep(50);
  expect(await sessions()).toEqual([`maskline:{${DID}}:session:${id}`]);
  proxy.flow();
  await until(() => states().includes('void'));
  expect(states()).toEqual(['owed', 'void']);
  expect(await sessions()).toEqual([`maskline:{${DID}}:session:${id}`]);
});

test('a claim that was given up does nothing, whatever the clock says', async () => {
  const scripts = new Scripts(fixture.raw);
  const key = [`maskline:{${DID}}`];
  const none = { firstPin: [], secondPin: [], lengths: [], hooks: '' };
  const tokens = JSON.stringify({ first: ['one'], second: ['two'], ...none });
  const later = Date.now() + 3_600_000;
  const claim = (id: string) =>
    scripts.run('claim', key, [id, now(), later, later, 1_000, 'sealed', '', tokens, later]);
  expect(await scripts.run('conclude-claim', key, ['id-1', 'keep', tokens, 60_000])).toBe('void');
  expect(await claim('id-1')).toBe('too-late');
  expect(await sessions()).toEqual([]);
  expect(await claim('id-2')).toBe('claimed');
  expect(await scripts.run('conclude-claim', key, ['id-2', 'keep', tokens, 60_000])).toBe('claimed');
  expect(await claim('id-2')).toBe('claimed');
});

const ENTRY: AuditEntry = {
  ...{ id: 'request-1', at: Date.now(), who: 'MA1', account: 'MA1', peer: '', requestId: '' },
  ...{ action: 'createSession', target: '', fields: [], status: null },
};

test('what has to be written wherever the session is goes to Redis ahead of it', async () => {
  const heard: string[] = [];
  const client = fixture.raw.duplicate();
  const monitor = await client.monitor();
  monitor.on('monitor', (_time: string, args: string[]) => {
    const key = args[3] ?? '';
    if (args[0]?.startsWith('eval') && /audit/.test(key)) heard.push('entry');
    if (args[0]?.startsWith('eval') && key === `maskline:{${DID}}`) heard.push('number');
  });
  await store.sessions.create(wanted(), { alongside: () => store.audit.enter(ENTRY) });
  await until(() => heard.includes('entry') && heard.includes('number'));
  monitor.disconnect();
  client.disconnect();
  // What is asked of the number before is which one to take.
  expect(heard.indexOf('entry')).toBeLessThan(heard.lastIndexOf('number'));
  expect(await sessions()).toHaveLength(1);
});

test('when that cannot be written there is no session, and its client is told', async () => {
  const defect = new Error('the log is full');
  const failing = store.sessions.create(wanted(), { alongside: () => Promise.reject(defect) });
  await expect(failing).rejects.toBe(defect);
  await until(() => states().includes('dropped'));
  expect(await sessions()).toEqual([]);
  expect((await store.sessions.create(wanted())).virtualNumber).toBe(DID);
});

test('when that is written at the second attempt there is a session', async () => {
  let attempts = 0;
  const { id } = await store.sessions.create(wanted(), {
    alongside: () => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve();
    },
  });
  expect(await sessions()).toEqual([`maskline:{${DID}}:session:${id}`]);
  expect(news).toEqual([]);
});

test('a store that is closed meanwhile withdraws what it can, and says what it leaves', async () => {
  const id = await loseTheAnswer();
  await store.close();
  expect(news.at(-1)).toMatchObject({ state: 'left', sessionId: id });
});
