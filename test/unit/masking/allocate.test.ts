import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { allocate, type AllocationCandidate, type AllocationRequest } from '../../../src/masking/allocate.js';
import type { E164 } from '../../../src/masking/phone-number.js';

const NOW = 1_800_000_000_000;
const n = (digits: string): E164 => `+${digits}` as E164;

function candidate(number: E164, changes: Partial<AllocationCandidate> = {}): AllocationCandidate {
  return {
    number,
    country: 'US',
    callingCode: '1',
    enabled: true,
    subaccount: '',
    livePins: 0,
    lastUsedByFirst: null,
    lastUsedBySecond: null,
    coolingUntilForFirst: null,
    coolingUntilForSecond: null,
    ...changes,
  };
}

function request(changes: Partial<AllocationRequest> = {}): AllocationRequest {
  return {
    firstParty: n('12125550100'),
    secondParty: n('12125550101'),
    geomatch: false,
    subaccount: '',
    pinSession: false,
    now: NOW,
    ...changes,
  };
}

const A = n('12025550001');
const B = n('12025550002');
const C = n('12025550003');

describe('which numbers are allowed', () => {
  test('not a disabled one, nor one of the parties themselves', () => {
    const own = request({ firstParty: A, secondParty: B });
    expect(allocate(own, [candidate(A), candidate(B), candidate(C)])).toEqual([C]);
    expect(allocate(request(), [candidate(A, { enabled: false }), candidate(B)])).toEqual([B]);
  });

  test.each(['coolingUntilForFirst', 'coolingUntilForSecond'] as const)('not while %s lasts', (who) => {
    expect(allocate(request(), [candidate(A, { [who]: NOW + 1 })])).toEqual([]);
    expect(allocate(request(), [candidate(A, { [who]: NOW })])).toEqual([A]);
  });

  test('geomatch: the country of the first party, whatever the second', () => {
    const british = candidate(n('442079460001'), { country: 'GB', callingCode: '44' });
    const french = candidate(n('33123456789'), { country: 'FR', callingCode: '33' });
    const match = request({ firstParty: n('442079460999'), secondParty: n('33123456780'), geomatch: true });
    expect(allocate(match, [french, british])).toEqual([british.number]);
    expect(allocate({ ...match, geomatch: false }, [french, british])).toHaveLength(2);
  });

  test('geomatch: of a single-party session, the country of the only party', () => {
    const british = candidate(n('442079460001'), { country: 'GB', callingCode: '44' });
    const match = request({ firstParty: null, secondParty: n('442079460999'), geomatch: true });
    expect(allocate(match, [candidate(A), british])).toEqual([british.number]);
  });

  test('a subaccount has its own numbers only, and nobody else has these', () => {
    const own = candidate(A, { subaccount: 'SAXXXXXXXXXXXXXXXXXX' });
    expect(allocate(request(), [own, candidate(B)])).toEqual([B]);
    expect(allocate(request({ subaccount: 'SAXXXXXXXXXXXXXXXXXX' }), [own, candidate(B)])).toEqual([A]);
    expect(allocate(request({ subaccount: 'SAYYYYYYYYYYYYYYYYYY' }), [own, candidate(B)])).toEqual([]);
  });

  test('geomatch: one calling code is not one country', () => {
    const canadian = candidate(n('14165550100'), { country: 'CA' });
    expect(allocate(request({ geomatch: true }), [canadian, candidate(A)])).toEqual([A]);
  });

  test('geomatch: the calling code counts where a country cannot be told', () => {
    const unknown = candidate(n('15550009001'), { country: '' });
    expect(allocate(request({ geomatch: true }), [unknown])).toEqual([unknown.number]);
    const unassigned = request({ firstParty: n('15550001001'), geomatch: true });
    expect(allocate(unassigned, [candidate(A)])).toEqual([A]);
    expect(
      allocate(unassigned, [candidate(n('442079460001'), { country: 'GB', callingCode: '44' })]),
    ).toEqual([]);
    const noPlan = request({ firstParty: n('9990001001'), geomatch: true });
    expect(allocate(noPlan, [candidate(n('9990001002'), { country: '', callingCode: '' })])).toEqual([]);
  });
});

describe('which one is best', () => {
  test('the one that neither person used for the longest time', () => {
    const order = allocate(request(), [
      candidate(A, { lastUsedByFirst: NOW - 10, lastUsedBySecond: NOW - 1000 }),
      candidate(B, { lastUsedBySecond: NOW - 20 }),
      candidate(C),
    ]);
    expect(order).toEqual([C, B, A]);
  });

  test('of equals the smallest, so that new persons share few numbers', () => {
    expect(allocate(request(), [candidate(C), candidate(A), candidate(B)])).toEqual([A, B, C]);
  });

  test('for a PIN session the one with the fewest live PINs, then the least recently used', () => {
    const some = [
      candidate(A, { livePins: 4 }),
      candidate(B, { livePins: 2, lastUsedByFirst: NOW }),
      candidate(C, { livePins: 2 }),
    ];
    expect(allocate(request({ pinSession: true }), some)).toEqual([C, B, A]);
    expect(allocate(request(), some)).toEqual([A, C, B]);
  });

  test('the order does not depend on the order of the candidates, and nothing is changed', () => {
    const one = fc.record({
      enabled: fc.boolean(),
      livePins: fc.nat(3),
      lastUsedByFirst: fc.option(fc.integer({ min: NOW - 3, max: NOW })),
      lastUsedBySecond: fc.option(fc.integer({ min: NOW - 3, max: NOW })),
      coolingUntilForFirst: fc.option(fc.integer({ min: NOW - 1, max: NOW + 1 })),
    });
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 12 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat(11)),
        (all, pinSession, swaps) => {
          const candidates = all.map((changes, index) => candidate(n(`1202555${1000 + index}`), changes));
          const shuffled = [...candidates].sort(() => (swaps.next().value ?? 0) - 5);
          const order = allocate(request({ pinSession }), candidates);
          expect(allocate(request({ pinSession }), Object.freeze(shuffled))).toEqual(order);
          const allowed = candidates.filter(
            (each) => each.enabled && (each.coolingUntilForFirst ?? 0) <= NOW,
          );
          expect(new Set(order)).toEqual(new Set(allowed.map(({ number }) => number)));
        },
      ),
    );
  });
});
