import { beforeEach, describe, expect, it } from 'vitest';

import { ReceiverLanes, type Entry } from '../../../src/callbacks/lanes.js';

let now: number;
let lanes: ReceiverLanes;

beforeEach(() => {
  now = 0;
  lanes = new ReceiverLanes(32, () => now);
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

describe('the lane of a receiver', () => {
  it("is bounded, and is not another one's", () => {
    expect(fill('dead')).toHaveLength(16);
    expect(lanes.enter('healthy')).toMatchObject({});
    expect(fill('healthy')).toHaveLength(15);
  });

  it('gets narrower with each attempt without an answer, down to two', () => {
    for (let round = 0; round < 5; round += 1) for (const entry of fill('dead')) entry.leave(false);
    expect(fill('dead')).toHaveLength(2);
  });

  it('gets wider with answers, up to the bound', () => {
    const first = fill('busy');
    for (const entry of first.slice(1)) entry.leave(true);
    const more = fill('busy');
    for (const entry of more) entry.leave(true);
    expect(fill('busy')).toHaveLength(31);
  });

  it('has those who wait come back one after the other, within a minute', () => {
    fill('slow');
    const waits = Array.from({ length: 10_000 }, () => Number(lanes.enter('slow')));
    expect(waits[0]).toBe(100);
    expect(waits.at(-1)).toBe(60_000);
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
  });

  it('counts an entry that leaves twice once', () => {
    const [one] = fill('twice');
    one!.leave(true);
    one!.leave(true);
    expect(fill('twice').length).toBeLessThanOrEqual(2);
  });
});
