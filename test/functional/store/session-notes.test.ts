import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { MaskingSession } from '../../../src/masking/session.js';
import type { SessionNotice } from '../../../src/masking/session-note.js';
import { did, DID, draft, Fixture, NOW } from './fixture.js';

const NOTICE: SessionNotice = {
  event: 'prompt-unavailable',
  parameter: 'pin_prompt_play',
  code: 'ERR_PROMPT_FETCH',
  message: 'the prompt was answered with status 404',
};

let fixture: Fixture;
beforeAll(async () => {
  fixture = await Fixture.start();
});
afterAll(async () => fixture.stop());

describe('notes about a session', () => {
  let session: MaskingSession;
  beforeEach(async () => {
    await fixture.raw.flushall();
    const store = fixture.store();
    await store.numbers.add(did(DID));
    session = await store.sessions.create(draft());
  });

  it('are counted when they repeat, and kept in the order in which they were last true', async () => {
    const { notes } = fixture.store();
    expect(await notes.of(session)).toEqual([]);
    expect(await notes.note(session, NOTICE, NOW)).toBe(true);
    await notes.note(session, { ...NOTICE, parameter: 'unknown_caller_play' }, NOW + 1);
    await notes.note(session, { ...NOTICE, message: 'status 500' }, NOW + 2);
    expect(await notes.of(session)).toEqual([
      { ...NOTICE, parameter: 'unknown_caller_play', first: NOW + 1, last: NOW + 1, count: 1 },
      { ...NOTICE, message: 'status 500', first: NOW, last: NOW + 2, count: 2 },
    ]);
  });

  it('are bounded: the one that was last true longest ago gives way', async () => {
    const { notes } = fixture.store();
    for (let index = 0; index < 60; index += 1) {
      await notes.note(session, { ...NOTICE, code: `ERR_${index}` }, NOW + index);
    }
    const kept = await notes.of(session);
    expect(kept).toHaveLength(50);
    expect(kept[0]?.code).toBe('ERR_10');
  });

  it('end with the session, and are none of a session that is not known', async () => {
    const { notes } = fixture.store();
    await notes.note(session, NOTICE, NOW);
    const [key] = await fixture.raw.keys('*:session:*');
    expect(await fixture.raw.pttl(key ?? '')).toBeGreaterThan(0);
    await fixture.raw.del(key ?? '');
    expect(await notes.of(session)).toEqual([]);
    expect(await notes.note(session, NOTICE, NOW)).toBe(false);
    expect(await fixture.raw.exists(key ?? '')).toBe(0);
  });
});

describe('prompt URLs', () => {
  const all = async (now: number, store = fixture.store()): Promise<string[]> => {
    const urls: string[] = [];
    for await (const page of store.promptUrls.needed(now)) urls.push(...page);
    return urls.sort();
  };
  beforeEach(async () => fixture.raw.flushall());

  it('are needed until the last session that names them is over', async () => {
    const { promptUrls } = fixture.store();
    await promptUrls.need(['https://a/1', 'https://a/2', 'https://a/1'], NOW + 1_000, NOW);
    await promptUrls.need(['https://a/1'], NOW + 5_000, NOW);
    await promptUrls.need(['https://a/1'], NOW + 2_000, NOW);
    expect(await all(NOW)).toEqual(['https://a/1', 'https://a/2']);
    expect(await all(NOW + 1_000)).toEqual(['https://a/1']);
    expect(await all(NOW + 5_000)).toEqual([]);
  });

  it('come in pages, each once, and leave when they are over', async () => {
    const { promptUrls } = fixture.store();
    const urls = Array.from({ length: 1_234 }, (_, index) => `https://a/${index}`);
    for (let from = 0; from < urls.length; from += 100) {
      await promptUrls.need(urls.slice(from, from + 100), NOW + 1_000, NOW);
    }
    expect(await all(NOW)).toEqual(urls.toSorted());
    for (let round = 0; round < 30; round += 1) {
      await promptUrls.need(['https://b/'], NOW + 9_000, NOW + 2_000);
    }
    const sizes = await Promise.all(
      (await fixture.raw.keys('*{prompts}*')).map(async (key) =>
        key.endsWith('urls') ? fixture.raw.hlen(key) : fixture.raw.zcard(key),
      ),
    );
    expect(sizes).toEqual([1, 1]);
  });

  it('stand in Redis sealed', async () => {
    await fixture.store().promptUrls.need(['https://a/?token=s3cret'], NOW + 1_000, NOW);
    const [key] = await fixture.raw.keys('*{prompts}:urls');
    expect(JSON.stringify(await fixture.raw.hgetall(key ?? ''))).not.toMatch(/s3cret|https/);
  });
});
