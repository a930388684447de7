import type { AuditEntry } from '../../../src/masking/audit.js';
import type { Recording } from '../../../src/masking/recording.js';
import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { Store } from '../../../src/store/index.js';
import {
  addressOf,
  ALICE,
  ANONYMOUS,
  BOB,
  CAROL,
  did,
  DID,
  DID2,
  draft,
  from,
  heard,
  leg,
  NOW,
  pinDraft,
  startOf,
  STRANGER,
} from './fixture.js';

export const FIRST_PIN = '918273645';
export const SECOND_PIN = '192837465';
export const WRONG_PIN = '555666777';

/** Everything that can happen to a session, through every method of the store. */
export async function fullLife(store: Store): Promise<MaskingSession> {
  await store.numbers.add(did(DID));
  await store.numbers.add(did(DID2));
  const session = await store.sessions.create(
    draft({
      pin: pinDraft({ first: FIRST_PIN, second: SECOND_PIN }),
      settings: { virtualNumberCooloffPeriod: 60, callbackUrl: 'https://callback.example/secret' },
    }),
  );
  await store.notes.note(
    session,
    {
      event: 'prompt-unavailable',
      parameter: 'pin_prompt_play',
      code: 'ERR_PROMPT_FETCH',
      message: 'status 404',
    },
    NOW,
  );
  await store.notes.of(session);
  await store.promptUrls.need([`https://x.example/${FIRST_PIN}?from=${ALICE}`], NOW + 60_000, NOW);
  for await (const page of store.promptUrls.needed(NOW))
    if (page.length === 0) throw new Error('no prompt URL');
  await store.sessions.create(
    draft({
      firstParty: ALICE,
      secondParty: CAROL,
      settings: { unknownCallerPlay: 'https://x.example/u.wav' },
    }),
  );
  await store.sessions.create(draft({ firstParty: CAROL, secondParty: STRANGER, pin: pinDraft(null, 9) }));
  for (const caller of [from(ALICE), from(BOB), from(STRANGER), ANONYMOUS]) {
    await store.calls.route(session.virtualNumber, caller, NOW);
    await store.calls.checkPin(session.virtualNumber, caller, WRONG_PIN, NOW);
    await store.calls.checkPin(session.virtualNumber, caller, FIRST_PIN, NOW);
  }
  for (let number = 1; number <= 21; number += 1) {
    const attempt = { callId: 'call-0', number };
    await store.calls.checkPin(session.virtualNumber, from(STRANGER), WRONG_PIN, NOW, attempt);
    await store.calls.checkOwnDigits(session.virtualNumber, from(STRANGER), '001001', NOW, attempt);
  }
  for (const [callId, digits] of [
    ['call-8', '001001'],
    ['call-9', '999999'],
  ] as const) {
    const attempt = { callId, number: 1 };
    for (let again = 0; again < 2; again += 1) {
      await store.calls.checkPin(session.virtualNumber, ANONYMOUS, FIRST_PIN, NOW, attempt);
      await store.calls.checkOwnDigits(session.virtualNumber, ANONYMOUS, digits, NOW, attempt);
    }
  }
  store.poolHistory.created(draft(), { held: 1, livePins: null }, false, NOW);
  await store.poolHistory.flush();
  await store.poolHistory.read(NOW, 1);
  await store.numberLoads.of([session.virtualNumber], NOW);
  await store.pinGuards.began(session.virtualNumber, NOW, NOW);
  await store.pinGuards.review(NOW);
  await store.pinGuards.of(session.virtualNumber, NOW);
  await store.originations.push(
    { interactionId: 'call-1', sessionId: session.id, number: session.virtualNumber },
    NOW,
  );
  const { job } = await store.originations.claim(NOW, PROOF);
  const lease = await store.leases.acquire('node-1', 'controller-1', 10_000);
  const address = addressOf(session, 'call-1');
  await store.calls.begin(startOf(session, 'call-1'), NOW);
  await store.calls.begin(startOf(session, 'call-2'), NOW);
  await store.admissions.admit(startOf(session, 'call-1'), NOW);
  await store.admissions.admit(startOf(session, 'lapsed', { claimUntil: NOW }), NOW);
  await store.admissions.admit(startOf(session, 'call-2'), NOW);
  await store.admissions.dismiss('call-2', NOW);
  await store.admissions.ended('lapsed', 3, NOW);
  await store.calls.progress(address, heard('joined', 'b', 'connected', NOW));
  await store.calls.liveOn('node-1');
  await store.calls.liveInteraction('node-1', 'call-1');
  await store.calls.isVirtualNumber(session.virtualNumber);
  await store.nodes.remember('127.0.0.1:8021', 'node-1');
  await store.nodes.noteSeen('node-1', NOW, PROOF);
  await store.nodes.lastSeen('node-1');
  await store.calls.noteLeg(address, 'leg-b', NOW);
  await store.liveCalls.read(await store.liveCalls.all(), NOW);
  await store.liveCalls.locate('leg-b');
  await store.commands.push('node-1', { uuid: 'leg-b', call: 'call', cause: 'MANAGER_REQUEST', until: NOW });
  await store.commands.waiting('node-1', PROOF);
  await store.commands.settle('node-1', 'leg-b', 'done', PROOF);
  await store.commands.outcome('node-1', 'leg-b');
  await store.calls.finishLeg(address, leg('b', 'leg-b'));
  await store.calls.finishLeg(address, leg('a', 'call-1'));
  await store.calls.interaction(address);
  for (const number of await store.outbox.waiting()) {
    const { entries } = await store.outbox.read(number, 0, 100);
    for (const { sessionId, sequence, raw } of entries) {
      const callback = { number, sessionId, sequence };
      await store.callbacks.open(callback, {
        accountId: session.accountId,
        method: 'POST',
        url: session.settings.callbackUrl,
        parameters: [['From', String(session.firstParty)]],
        createdAt: NOW,
      });
      const attempt = { at: NOW, durationMs: 1, status: 200, error: '', answer: String(session.secondParty) };
      await store.callbacks.note(callback, 0, 'delivered', attempt);
      await store.callbacks.resend(callback, NOW);
      await store.callbacks.read(callback);
      await store.callbacks.list(number, sessionId, { limit: 20, offset: 0 });
      await store.outbox.remove(number, raw);
    }
  }
  const due = {
    task: 'enter',
    number: session.virtualNumber,
    sessionId: session.id,
    interactionId: 'call-1',
    file: '',
  } as const;
  await store.recordings.schedule(due, NOW);
  await store.recordings.takeDue(NOW, 1);
  await store.recordings.keep(due, recordingOf(session), NOW);
  await store.recordings.get('call-1');
  const someone = { accountIds: null, added: {}, limit: 20, offset: 0, from: ALICE };
  await store.recordings.list({ ...someone, sessionId: session.id });
  await store.recordings.oldest(NOW, 1);
  await store.recordings.areKnown(['call-1']);
  await store.recordings.forget(due);
  await store.recordings.keep(due, recordingOf(session), NOW);
  await store.recordings.done(due);
  await store.callLog.find('call-1', NOW);
  const everything = { accountIds: null, ended: {}, limit: 20, offset: 0 };
  await store.callLog.list(everything, NOW);
  await store.callLog.list({ ...everything, from: ALICE, to: session.virtualNumber }, NOW);
  await store.sessions.get(session.id, NOW);
  await store.numbers.list({ limit: 20, offset: 0 });
  if (job !== null) await store.originations.done(job);
  if (lease !== null) {
    await store.leases.renew('node-1', 'controller-1', lease, 10_000);
    await store.leases.release('node-1', 'controller-1', lease);
  }
  await changes(store);
  return session;
}

/** What clients do to sessions and subaccounts once they exist. */
async function changes(store: Store): Promise<void> {
  const pool = '+15550009008' as E164;
  const { account, token } = await store.accounts.create('agency', true, NOW);
  await store.accounts.update(account.id, { name: 'another' });
  await store.accounts.authenticate(account.id, token);
  await store.accounts.signingToken(account.id);
  await store.accounts.list({ limit: 20, offset: 0 });
  const change: AuditEntry = {
    ...{ id: 'change-1', at: NOW, who: account.id, account: account.id, peer: '192.0.2.7', requestId: '' },
    ...{ action: 'addNumbers', target: pool, fields: ['numbers'], status: null },
  };
  await store.audit.enter(change);
  await store.audit.settle(change, { status: 201, target: pool });
  await store.audit.list({ gte: NOW, lt: NOW + 1, who: account.id, limit: 20, offset: 0 });
  await store.numbers.add(did(pool, { subaccount: account.id }));
  const own = {
    accountId: account.id,
    settings: { sessionExpiry: 60, callbackUrl: 'https://callback.example/x' },
  };
  const single = await store.sessions.create(draft({ ...own, secondParty: null }));
  const people = { a: STRANGER, b: ALICE, aWasCalled: false };
  const start = startOf(single, 'call-9', { caller: 'second', people, takesPlace: true, node: 'node-9' });
  await store.calls.begin(start, NOW);
  await store.calls.withdraw({ ...addressOf(single, 'call-9'), node: 'node-9' });
  await store.calls.begin(start, NOW);
  await store.admissions.admit(start, NOW);
  await store.calls.route(pool, from(STRANGER), NOW);
  await store.sessions.update(single.id, { sessionExpiry: 120, secondParty: BOB, ringTimeout: 20 }, NOW);
  await store.sessions.create(draft({ ...own, firstParty: CAROL, secondParty: STRANGER }));
  const query = { accountIds: null, created: {}, expiry: {}, duration: {}, limit: 20, offset: 0 };
  for (const status of ['all', 'active', 'in-progress', 'expired'] as const) {
    await store.sessions.list({ ...query, status, firstParty: ALICE, secondParty: BOB }, NOW);
    await store.sessions.list({ ...query, status, accountIds: [account.id] }, NOW);
  }
  await store.sessions.end(single.id, NOW + 1000);
  await store.calls.finishLeg({ ...addressOf(single, 'call-9'), node: 'node-9' }, leg('a', 'call-9'));
  const traced = { id: 'call-9', node: 'node-9', number: pool, sessionId: single.id, accountId: account.id };
  store.traces.note(traced, { step: 'received', caller: from(STRANGER) }, NOW);
  store.traces.note(traced, { step: 'refused', reason: 'busy', cause: 'USER_BUSY' }, NOW);
  store.statistics.unconnected('busy', NOW);
  await Promise.all([store.traces.flush(), store.statistics.flush()]);
  await store.traces.list({
    accountIds: null,
    caller: STRANGER,
    outcome: 'refused',
    started: {},
    limit: 20,
    offset: 0,
  });
  for (const number of await store.expiry.numbers()) await store.expiry.report(number, NOW + 90_000);
  await store.sessions.mendIndex(NOW + 90_000);
  await store.numbers.remove(pool, NOW + 90_000);
  await store.accounts.remove(account.id, NOW + 90_000);
}

function recordingOf(session: MaskingSession): Recording {
  return {
    id: 'call-1',
    sessionId: session.id,
    accountId: session.accountId,
    virtualNumber: session.virtualNumber,
    from: ALICE,
    to: session.virtualNumber,
    format: 'mp3',
    state: 'completed',
    problem: '',
    startedAt: NOW,
    endedAt: NOW,
    durationMs: 0,
    bytes: 0,
    addedAt: NOW,
  };
}
import { PROOF } from '../../helpers/hold.js';
