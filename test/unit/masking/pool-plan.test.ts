import { describe, expect, it } from 'vitest';

import {
  erlangB,
  leastNumbers,
  mostGuardedPins,
  MOST_PLANNED,
  planPool,
  poissonTail,
  shareWithout,
  type PersonsLoad,
  type PlanRules,
  type PoolLoad,
} from '../../../src/masking/pool-plan.js';
import { simulate, type Simulated } from './pool-simulation.js';

const RULES: PlanRules = { guessRisk: 0.005, wrongPins: 1, maxCallsPerNumber: 500, target: 0.01 };
const STRANGERS: PersonsLoad = { persons: null, busyFactor: 1, atOnce: null };

function of(persons: number, changes: Partial<PersonsLoad> = {}): PersonsLoad {
  return { ...STRANGERS, persons, ...changes };
}

/** 500 sessions live at once: 1,000 an hour of half an hour each, 5 of each of 100 drivers, riders new each time. */
function load(changes: Partial<PoolLoad> = {}): PoolLoad {
  return {
    ...{
      sessionsPerHour: 1_000,
      sessionSeconds: 1_800,
      coolOffSeconds: 0,
      pinLength: null,
      callsAtOnce: null,
    },
    ...{ first: of(100), second: STRANGERS },
    ...changes,
  };
}

/** What the load alone needs of numbers. */
function numbersFor(wanted: PoolLoad, rules: PlanRules = RULES): number {
  const { numbers } = planPool(wanted, rules);
  if (numbers === null) throw new TypeError('the load has a plan');
  return numbers;
}

/** The largest pool that is too small by more than the plan may be too large: 1.5 times what is needed, and one. */
function tooFew(numbers: number): number {
  return Math.ceil((numbers - 1) / 1.5) - 1;
}

const CREATES = { creates: 6_000, warmUp: 3_000, seed: 20_261_129 };

describe('the plan, held to a simulation of the real choice', { timeout: 240_000 }, () => {
  const cases: Record<string, PoolLoad> = {
    'busy persons on one side': load(),
    'with cool-off': load({ coolOffSeconds: 2_700 }),
    'busy persons on both sides': load({ second: of(100) }),
    'both sides, with cool-off': load({ sessionsPerHour: 500, second: of(100), coolOffSeconds: 1_800 }),
    'few sessions each': load({ first: of(1_500), second: of(1_500) }),
    'clients that keep to 4 at once': load({ first: of(150, { atOnce: 4 }), second: of(300) }),
    'at most one at once, with cool-off': load({
      ...{ sessionsPerHour: 100, sessionSeconds: 600, coolOffSeconds: 3_600 },
      ...{ first: of(40, { atOnce: 1 }), second: of(400) },
    }),
    'a single party': load({ sessionsPerHour: 24, second: null, coolOffSeconds: 600 }),
    'PINs of busy persons': load({ sessionsPerHour: 600, first: of(60), second: of(400), pinLength: 6 }),
  };

  it.each(Object.entries(cases))('%s: it is enough, and not far more than enough', (_, wanted) => {
    const numbers = numbersFor(wanted);
    // Of 6,000 creates 60 are the target; half as many again is far beyond chance.
    expect(simulate(wanted, { ...CREATES, numbers }).without).toBeLessThanOrEqual(RULES.target * 1.5);
    const fewer = tooFew(numbers);
    if (fewer > 0)
      expect(simulate(wanted, { ...CREATES, numbers: fewer }).without).toBeGreaterThan(RULES.target);
  });

  it('the target is met by sessions of any distribution of their length', () => {
    const wanted = load({ second: of(200), coolOffSeconds: 600 });
    const options = { ...CREATES, numbers: numbersFor(wanted), isFixed: true };
    expect(simulate(wanted, options).without).toBeLessThanOrEqual(RULES.target * 1.5);
  });

  it('the share that it expects is the share that comes', () => {
    const wanted = load();
    for (const numbers of [5, 8]) {
      const { without } = simulate(wanted, { ...CREATES, numbers });
      expect(without / shareWithout(wanted, numbers)).toBeGreaterThan(0.85);
      expect(without / shareWithout(wanted, numbers)).toBeLessThan(1.15);
    }
  });

  it('is not far from it where both sides are busy', () => {
    const wanted = load({ second: of(100) });
    for (const numbers of [11, 13]) {
      const { without } = simulate(wanted, { ...CREATES, numbers });
      expect(shareWithout(wanted, numbers) / without).toBeGreaterThan(0.9);
      expect(shareWithout(wanted, numbers) / without).toBeLessThan(2.2);
    }
  });

  it('PINs stay few enough for the guard, and only just', () => {
    const wanted = load({ sessionsPerHour: 300, first: of(5_000), pinLength: 4 });
    const plan = planPool(wanted, RULES);
    expect(plan.binds).toBe('pin_guard');
    const crowded = (numbers: number): Simulated =>
      simulate(wanted, { ...CREATES, numbers, mostPins: mostGuardedPins(RULES, 4) });
    expect(crowded(plan.numbers ?? 0).crowded).toBeLessThanOrEqual(RULES.target * 1.5);
    expect(crowded(tooFew(plan.numbers ?? 0)).crowded).toBeGreaterThan(RULES.target);
  });

  it('where the pool is larger than what the choice looks at, too', () => {
    const wanted = load({ sessionsPerHour: 400, first: STRANGERS, pinLength: 4 });
    const rules = { ...RULES, wrongPins: 5 };
    const plan = planPool(wanted, rules);
    expect(plan.numbers).toBeGreaterThan(40);
    // Many times as many as live at once: what they come upon is much the same for those of one time.
    const options = { creates: 12_000, warmUp: 1_000, seed: 7, mostPins: mostGuardedPins(rules, 4) };
    expect(simulate(wanted, { ...options, numbers: plan.numbers ?? 0 }).crowded).toBeLessThanOrEqual(0.015);
    expect(simulate(wanted, { ...options, numbers: tooFew(plan.numbers ?? 0) }).crowded).toBeGreaterThan(
      0.01,
    );
  });

  it('allows for the room that the choice overlooks in a large pool', () => {
    const plan = planPool(load({ sessionsPerHour: 400, first: STRANGERS, pinLength: 4 }), {
      ...RULES,
      // One session on a number, so that room is hard to find.
      wrongPins: 25,
    });
    const wereItSeen = leastNumbers((numbers) => poissonTail(200, numbers) <= RULES.target);
    expect(plan.numbers).toBeGreaterThan(wereItSeen ?? Infinity);
  });

  it('the space of PINs is enough without care for the guard', () => {
    // 2,200 sessions live at once, with 4,400 of the 10,000 PINs of each number.
    const wanted = load({ sessionsPerHour: 4_400, first: STRANGERS, pinLength: 4 });
    const plan = planPool(wanted, { ...RULES, wrongPins: 0 });
    expect(plan.binds).toBe('pin_space');
    const creates = { creates: 2_000, warmUp: 9_000, seed: 5 };
    expect(simulate(wanted, { ...creates, numbers: plan.numbers ?? 0 }).without).toBeLessThanOrEqual(0.015);
    expect(simulate(wanted, { ...creates, numbers: (plan.numbers ?? 0) - 1 }).without).toBeGreaterThan(0.01);
  });
});

describe('the plan', () => {
  it('needs one number for persons who have one session each', () => {
    const plan = planPool(load({ first: STRANGERS }), RULES);
    expect(plan).toMatchObject({ numbers: 1, binds: 'persons', expectedShare: 0, liveSessions: 500 });
  });

  it('needs as many as persons have at once, where clients bound that', () => {
    const bounded = (first: number, second: number): number =>
      numbersFor(load({ first: { ...STRANGERS, atOnce: first }, second: { ...STRANGERS, atOnce: second } }));
    expect(bounded(4, 1)).toBe(4);
    // In use whenever a create comes, 3 and 2 that may be different ones, and one that is free.
    expect(bounded(4, 3)).toBe(6);
  });

  it('says what the cool-off costs', () => {
    const plan = planPool(load({ coolOffSeconds: 3_600 }), RULES);
    expect(plan.withoutCoolOff).toBe(numbersFor(load()));
    expect(plan.numbers).toBeGreaterThan(2 * (plan.withoutCoolOff ?? Infinity));
    expect(plan.heldByFirst).toBeCloseTo(15);
    expect(plan.heldBySecond).toBe(0);
  });

  it('plans for the busiest, but for no more sessions than there are', () => {
    const busy = load({ first: of(100, { busyFactor: 3 }) });
    expect(numbersFor(busy)).toBe(numbersFor(load({ sessionsPerHour: 3_000 })));
    expect(numbersFor(load({ first: of(1, { busyFactor: 3 }) }))).toBe(numbersFor(load({ first: of(1) })));
  });

  it('needs at least as many for more load, a longer cool-off and a stricter target', () => {
    for (const perHour of [50, 400, 1_600]) {
      const lighter = load({ sessionsPerHour: perHour, second: of(50) });
      const numbers = numbersFor(lighter);
      expect(numbersFor({ ...lighter, sessionsPerHour: perHour * 2 })).toBeGreaterThan(numbers);
      expect(numbersFor({ ...lighter, coolOffSeconds: 1_800 })).toBeGreaterThan(numbers);
      expect(numbersFor(lighter, { ...RULES, target: 0.000_1 })).toBeGreaterThan(numbers);
      expect(shareWithout(lighter, numbers)).toBeLessThanOrEqual(RULES.target);
      expect(shareWithout(lighter, numbers - 1)).toBeGreaterThan(RULES.target);
    }
  });

  it('counts calls where the choice spreads sessions, and says where numbers do not help', () => {
    const pins = planPool(load({ first: STRANGERS, pinLength: 8, callsAtOnce: 2_000 }), RULES);
    expect(pins).toMatchObject({ binds: 'calls_per_number', unmet: [] });
    expect(poissonTail(2_000 / (pins.numbers ?? 0), 500)).toBeLessThanOrEqual(RULES.target);
    const numbers = planPool(load({ first: STRANGERS, callsAtOnce: 2_000 }), RULES);
    expect(numbers).toMatchObject({ numbers: 1, unmet: ['calls_per_number'] });
    expect(planPool(load({ callsAtOnce: 100 }), RULES).unmet).toEqual([]);
  });

  it('says when one session alone is too much for the guard, and leaves out one that guards always', () => {
    const wanted = load({ first: STRANGERS, pinLength: 4 });
    expect(planPool(wanted, { ...RULES, wrongPins: 30 }).unmet).toEqual(['pin_guard']);
    const always = planPool(wanted, { ...RULES, guessRisk: 0 });
    expect([always.unmet, always.constraints.map(({ constraint }) => constraint)]).toEqual([
      [],
      ['persons', 'pin_space'],
    ]);
  });

  it('gives up beyond the largest pool, in little time', () => {
    const plan = planPool(load({ sessionsPerHour: 1e6, first: of(1), second: of(1) }), RULES);
    expect([plan.numbers, plan.expectedShare]).toEqual([null, null]);
    expect(leastNumbers((numbers) => numbers >= MOST_PLANNED)).toBe(MOST_PLANNED);
    expect(leastNumbers(() => false)).toBeNull();
    expect(leastNumbers(() => true)).toBe(1);
  });
});

describe('the arithmetic', () => {
  it('has the values of printed tables', () => {
    // Erlang B, from any table: 10 erlangs on 18 lines 0.714 %, 2 on 5 3.67 %, 0.5 on 1 a third.
    expect(erlangB(18, 10)).toBeCloseTo(0.007_14, 5);
    expect(erlangB(5, 2)).toBeCloseTo(0.036_7, 4);
    expect(erlangB(1, 0.5)).toBeCloseTo(1 / 3, 12);
    expect(poissonTail(3, 1)).toBeCloseTo(1 - Math.exp(-3), 12);
    expect(poissonTail(10, 20)).toBeCloseTo(0.003_454, 6);
    expect(poissonTail(100, 80)).toBeCloseTo(0.982_9, 3);
    expect([poissonTail(5, 0), poissonTail(0, 3)]).toEqual([1, 0]);
  });

  it('is Erlang B for one busy side, whatever the size', () => {
    for (const [hourly, numbers] of [
      [1_000, 11],
      [40_000, 222],
      [400_000, 2_090],
    ] as const) {
      const share = shareWithout(load({ sessionsPerHour: hourly }), numbers);
      expect(share / erlangB(numbers, hourly / 200)).toBeGreaterThan(0.97);
      expect(share / erlangB(numbers, hourly / 200)).toBeLessThan(1.03);
    }
  });

  it('bounds the PINs of a number as the guard does', () => {
    expect(mostGuardedPins(RULES, 4)).toBe(50);
    expect(mostGuardedPins({ ...RULES, wrongPins: 10 }, 6)).toBe(500);
  });
});
