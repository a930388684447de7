import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { E164 } from '../../../src/masking/phone-number.js';
import type { MaskingSession } from '../../../src/masking/session.js';
import type { Store } from '../../../src/store/index.js';
import {
  addressOf,
  ALICE,
  BOB,
  CAROL,
  did,
  DID,
  DID2,
  draft,
  from,
  leg,
  pinDraft,
  startOf,
  STRANGER,
} from './fixture.js';

/** The real clock: what is kept expires by it. */
export const NOW = Date.now();
const DID3 = '+15550009003' as E164;
export const CALLS = ['1', '2', '3', '4', '5'].map((n) => `${n.repeat(8)}-1111-4111-8111-111111111111`) as [
  string,
  string,
  string,
  string,
  string,
];

/** One call of the session, begun and ended, with its recording's file and record. */
async function call(
  store: Store,
  folder: string,
  session: MaskingSession,
  id: string,
  people: { a: E164; b: E164 },
): Promise<void> {
  const start = startOf(session, id, {
    ...{
      people: { ...people, aWasCalled: false },
      recording: `${id}.mp3`,
      startedAt: NOW,
      claimUntil: NOW + 60_000,
    },
  });
  await store.calls.begin(start, NOW);
  const address = addressOf(session, id);
  const b = id.replace('8111', '8222');
  const times = { startedAt: NOW, ringingAt: NOW, answeredAt: NOW, bridgedAt: NOW, endedAt: NOW + 1_000 };
  await store.calls.finishLeg(address, leg('b', b, times));
  await store.calls.finishLeg(address, leg('a', id, times));
  await writeFile(join(folder, `${id}.mp3`), 'audio');
}

async function enterRecording(store: Store, session: MaskingSession, id: string, a: E164): Promise<void> {
  await store.recordings.keep(
    { number: session.virtualNumber, sessionId: session.id, interactionId: id },
    {
      ...{
        id,
        sessionId: session.id,
        accountId: session.accountId,
        virtualNumber: session.virtualNumber,
        from: a,
      },
      ...{
        to: session.virtualNumber,
        format: 'mp3',
        state: 'completed',
        problem: '',
        startedAt: NOW,
        endedAt: NOW,
      },
      ...{ durationMs: 1, bytes: 5, addedAt: NOW },
    },
    NOW,
  );
}

/** ALICE in every place that a person can be in, beside people who stay. */
export async function lives(
  store: Store,
  folder: string,
): Promise<{ alices: MaskingSession[]; others: MaskingSession }> {
  await store.numbers.add(did(DID));
  await store.numbers.add(did(DID2));
  await store.numbers.add(did(DID3));
  const on = { virtualNumberCooloffPeriod: 60, callbackUrl: 'https://callback.example/x', record: true };
  const first = await store.sessions.create(draft({ now: NOW, virtualNumber: DID, settings: on }));
  const pins = pinDraft({ first: '918273', second: '192837' });
  const ended = await store.sessions.create(
    draft({ now: NOW, firstParty: BOB, secondParty: ALICE, virtualNumber: DID2, pin: pins }),
  );
  const others = await store.sessions.create(
    draft({
      now: NOW,
      firstParty: BOB,
      secondParty: CAROL,
      virtualNumber: DID3,
      pin: pinDraft(null, 6),
      settings: on,
    }),
  );
  await call(store, folder, first, CALLS[0], { a: ALICE, b: BOB });
  await enterRecording(store, first, CALLS[0], ALICE);
  await call(store, folder, first, CALLS[1], { a: BOB, b: ALICE });
  // A stranger to the others' session: by PIN, by wrong PINs, and as who took a place.
  await call(store, folder, others, CALLS[2], { a: ALICE, b: CAROL });
  await call(store, folder, others, CALLS[3], { a: BOB, b: CAROL });
  await enterRecording(store, others, CALLS[3], BOB);
  for (let guess = 0; guess < 11; guess += 1) {
    await store.calls.checkPin(others.virtualNumber, from(ALICE), `00000${guess}`, NOW);
  }
  await store.calls.checkPin(others.virtualNumber, from(STRANGER), '999999', NOW);
  const callback = { number: others.virtualNumber, sessionId: others.id };
  const record = {
    accountId: others.accountId,
    method: 'POST',
    url: 'https://callback.example/x',
    createdAt: NOW,
  } as const;
  await store.callbacks.open(
    { ...callback, sequence: 901 },
    { ...record, parameters: [['From', ALICE.slice(1)]] },
  );
  await store.callbacks.open(
    { ...callback, sequence: 902 },
    { ...record, parameters: [['From', STRANGER.slice(1)]] },
  );
  await store.callbacks.open({ ...callback, sequence: 903 }, { ...record, parameters: [['From', BOB]] });
  await store.callbacks.note({ ...callback, sequence: 903 }, 0, 'failed', {
    ...{ at: NOW, durationMs: 1, status: 500, error: '', answer: `no room for ${ALICE}` },
  });
  await store.promptUrls.need(
    [`https://x.example/?to=${ALICE}`, 'https://x.example/other'],
    NOW + 60_000,
    NOW,
  );
  for (const [index, caller] of [ALICE, BOB].entries()) {
    const traced = {
      id: CALLS[3 + index] ?? '',
      node: 'node-1',
      number: DID3,
      sessionId: null,
      accountId: '',
    };
    store.traces.note(traced, { step: 'received', caller: from(caller) }, NOW);
    store.traces.note(traced, { step: 'refused', reason: 'too-many-pins', cause: 'CALL_REJECTED' }, NOW);
  }
  await store.traces.flush();
  await store.sessions.end(ended.id, NOW + 1);
  await writeFile(
    join(folder, 'cdr', 'aaaaaaaa-1111-4111-8111-111111111111.cdr.json'),
    `{"from":"${ALICE}"}`,
  );
  await writeFile(
    join(folder, 'cdr', 'rejected', 'bbbbbbbb-1111-4111-8111-111111111111.cdr.json'),
    `{"to":"${ALICE.slice(1)}"`,
  );
  await writeFile(join(folder, 'cdr', 'cccccccc-1111-4111-8111-111111111111.cdr.json'), `{"from":"${BOB}"}`);
  return { alices: [first, ended], others };
}
