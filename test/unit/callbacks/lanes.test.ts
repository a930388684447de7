import { beforeEach, describe, expect, it } from 'vitest';

import { receiverNamed, ReceiverLanes, type Entry } from '../../../src/callbacks/lanes.js';

const PLACES = 256;
const MOST = 32;
/** Past it an attempt under way is overdue, in milliseconds. */
const OVERDUE = 2_001;
const TIMEOUT = 40_000;

let now: number;
let lanes: ReceiverLanes;

beforeEach(() => {
  now = 0;
  lanes = new ReceiverLanes({ places: PLACES, most: MOST, now: () => now });
});

/** Enters until there is no more room. */
function fill(receiver: string): Entry[] {
  const entries: Entry[] = [];
  for (;;) {
    const entry = lanes.enter(receiver);
    if (typeof entry === 'number') return entries;
    entries.push(entry);
  }
}

/** Lets a receiver answer everything it is sent, for so many rounds. */
function answering(receiver: string, rounds = 10): void {
  for (let round = 0; round < rounds; round += 1) for (const entry of fill(receiver)) entry.leave('answered');
}

/** Lets a receiver take what it is sent and never answer, for so many rounds. */
function falling(receiver: string, rounds = 10): void {
  for (let round = 0; round < rounds; round += 1) {
    const entries = fill(receiver);
    now += TIMEOUT;
    for (const entry of entries) entry.leave('silent');
    now += TIMEOUT;
  }
}

describe('the lane of a receiver', () => {
  it("begins narrow, and is not another one's", () => {
    expect(fill('new')).toHaveLength(2);
    expect(fill('other')).toHaveLength(2);
  });

  it('doubles with each round of answers, up to the bound', () => {
    const widths = Array.from({ length: 7 }, () => {
      const entries = fill('busy');
      for (const entry of entries) entry.leave('answered');
      return entries.length;
    });
    expect(widths).toEqual([2, 4, 8, 16, 32, 32, 32]);
  });

  it('halves with misses, and is one probe at a time from the third in a row', () => {
    answering('failing');
    const entries = fill('failing');
    entries.pop()?.leave('silent');
    entries.pop()?.leave('silent');
    expect(lanes.isDown('failing')).toBe(false);
    entries.pop()?.leave('silent');
    expect(lanes.isDown('failing')).toBe(true);
    for (const entry of entries) entry.leave('silent');
    expect(fill('failing')).toHaveLength(1);
  });

  it('of a receiver that never answered is down with its first miss', () => {
    falling('dead', 1);
    expect(lanes.isDown('dead')).toBe(true);
    expect(fill('dead')).toHaveLength(1);
  });

  it('rests after a probe for as long as that took, 30 seconds at most', () => {
    for (const [took, rest] of [
      [TIMEOUT, 30_000],
      [300, 300],
    ] as const) {
      const receiver = `after ${took}`;
      const entries = fill(receiver);
      now += took;
      for (const entry of entries) entry.leave('silent');
      now += rest - 1;
      expect(lanes.enter(receiver)).toEqual(expect.any(Number));
      now += 1;
      expect(fill(receiver).length).toBeGreaterThan(0);
    }
  });

  it('is open again with the first answer to a probe', () => {
    falling('back');
    fill('back')[0]!.leave('answered');
    expect(lanes.isDown('back')).toBe(false);
    answering('back', 5);
    expect(fill('back').length).toBeGreaterThanOrEqual(MOST / 2);
  });

  it('is closed to more of them once an attempt has no answer for long, before it times out', () => {
    answering('hung');
    expect(fill('hung')).toHaveLength(MOST);
    answering('hung-too');
    lanes.enter('hung-too');
    now += OVERDUE;
    // What is slow has a quarter of the places; one of them has these already.
    expect(fill('hung-too').length).toBeLessThan(MOST / 2);
  });

  it('has those who wait come back one after the other, within a minute', () => {
    fill('slow');
    const waits = Array.from({ length: 20_000 }, () => Number(lanes.enter('slow')));
    expect(waits[0]).toBe(100);
    expect(waits.at(-1)).toBe(60_000);
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
  });

  it('has callbacks of all receivers that are down come back at a bounded rate together', () => {
    for (let n = 0; n < 10; n += 1) falling(`dead ${n}`, 1);
    for (let n = 0; n < 10; n += 1) fill(`dead ${n}`);
    const waits = Array.from({ length: 20_000 }, (_, n) => Number(lanes.enter(`dead ${n % 10}`)));
    const busiest = new Map<number, number>();
    for (const wait of waits.filter((each) => each > 60_000)) {
      const second = Math.floor(wait / 1_000);
      busiest.set(second, (busiest.get(second) ?? 0) + 1);
    }
    expect(Math.max(...busiest.values())).toBeLessThanOrEqual(101);
    expect(Math.max(...waits)).toBeGreaterThan(190_000);
  });

  it('has callbacks of receivers that find no place among the unknown come back at a bounded rate together', () => {
    for (let n = 0; n < 200; n += 1) fill(`dead ${n}`);
    const waits = Array.from({ length: 2_000 }, (_, n) => Number(lanes.enter(`other ${n}`)));
    const busiest = new Map<number, number>();
    for (const wait of waits) {
      const second = Math.floor(wait / 1_000);
      busiest.set(second, (busiest.get(second) ?? 0) + 1);
    }
    expect(Math.max(...busiest.values())).toBeLessThanOrEqual(101);
  });

  it('has those who wait for an unknown receiver ask less and less often', () => {
    fill('new');
    now += 1_000;
    expect(Number(lanes.enter('new'))).toBeGreaterThanOrEqual(1_000);
  });

  it('counts an entry that leaves twice once', () => {
    const [one] = fill('twice');
    one!.leave('answered');
    one!.leave('silent');
    expect(lanes.running).toBe(1);
  });

  it('learns nothing from an attempt that was stopped', () => {
    for (const entry of fill('stopped')) entry.leave('stopped');
    expect(fill('stopped')).toHaveLength(2);
    expect(lanes.isDown('stopped')).toBe(false);
  });

  it('is one of an account and a host: what one account has there says nothing of another', () => {
    const url = 'https://Hooks.example.com/a?b#rt=100';
    expect(receiverNamed('A', url)).toBe(receiverNamed('A', 'https://hooks.example.com/other'));
    expect(receiverNamed('A', url)).not.toBe(receiverNamed('B', url));
    expect(receiverNamed('A', url)).not.toBe(receiverNamed('A', 'https://hooks.example.com:8443/a'));
  });
});

describe('places for a receiver that answers', () => {
  it.each([16, 200, 5_000])('are left by %i that were never met and do not answer', (count) => {
    answering('healthy');
    for (let second = 0; second < 120; second += 1) {
      for (let n = 0; n < count; n += 1) lanes.enter(`dead ${n}`);
      const entries = fill('healthy');
      expect(entries.length).toBeGreaterThanOrEqual(16);
      for (const entry of entries) entry.leave('answered');
      now += 1_000;
    }
    expect(lanes.running).toBeLessThanOrEqual(PLACES / 2);
  });

  it.each([8, 64, 200])('are left by %i that answered and fall silent all at once', (count) => {
    answering('healthy');
    for (let n = 0; n < count; n += 1) answering(`dies ${n}`);
    for (let second = 0; second < 40; second += 1) {
      for (let round = 0; round < 32; round += 1) {
        for (let n = 0; n < count; n += 1) lanes.enter(`dies ${n}`);
      }
      const entries = fill('healthy');
      expect(entries.length).toBeGreaterThanOrEqual(1);
      for (const entry of entries) entry.leave('answered');
      now += 1_000;
    }
  });

  it('are found by a new one once the dead ones are known, whatever waits for them', () => {
    const dead = Array.from({ length: 200 }, (_, n) => `dead ${n}`);
    let under: { entry: Entry; since: number }[] = [];
    for (let second = 0; second < 300; second += 1) {
      for (const { entry } of under.filter(({ since }) => now - since >= TIMEOUT)) entry.leave('silent');
      under = under.filter(({ since }) => now - since < TIMEOUT);
      for (const receiver of dead) {
        const entry = lanes.enter(receiver);
        if (typeof entry !== 'number') under.push({ entry, since: now });
      }
      now += 1_000;
    }
    expect(fill('new')).toHaveLength(2);
  });

  it('are there with a single place in all', () => {
    lanes = new ReceiverLanes({ places: 1, most: 32, now: () => now });
    const [only] = fill('one');
    expect(fill('other')).toHaveLength(0);
    only!.leave('answered');
    expect(fill('other')).toHaveLength(1);
  });
});

describe('what is remembered of receivers', () => {
  it('is bounded; who was met longest ago is forgotten, and never one with an attempt under way', () => {
    lanes = new ReceiverLanes({ places: PLACES, most: MOST, remembered: 100, now: () => now });
    falling('dead', 1);
    const [held] = fill('held');
    for (let n = 0; n < 1_000; n += 1) for (const entry of fill(`host ${n}`)) entry.leave('answered');
    expect(lanes.size).toBeLessThanOrEqual(100);
    expect(lanes.isDown('dead')).toBe(false);
    held!.leave('answered');
    expect(fill('held').length).toBeGreaterThan(0);
    expect(lanes.size).toBeLessThanOrEqual(100);
  });
});
