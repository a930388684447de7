import { z } from 'zod';

import {
  MOST_PLANNED,
  POOL_CONSTRAINTS,
  type PoolConstraint,
  type PoolPlan,
} from '../../masking/pool-plan.js';

const CONSTRAINT = z.enum(POOL_CONSTRAINTS);
const NUMBERS = z.int().nullable();

/** How many numbers a load needs, as the API tells it. */
export const POOL_PLAN = z
  .object({
    numbers: NUMBERS.describe(`Virtual numbers that the load needs; null for more than ${MOST_PLANNED}.`),
    explanation: z.string().describe('The same, and why, in a sentence.'),
    binds: CONSTRAINT.describe('What needs most of them.'),
    constraints: z
      .array(z.object({ constraint: CONSTRAINT, numbers: NUMBERS, explanation: z.string() }))
      .describe('What each of the constraints needs by itself.'),
    numbers_without_cool_off: NUMBERS.describe('Numbers that would do without a cool-off.'),
    unmet: z
      .array(z.object({ constraint: CONSTRAINT, explanation: z.string() }))
      .describe('What more numbers do not cure.'),
    expected_failed_per_million: z
      .number()
      .nullable()
      .describe('Creates out of a million that find no number, with so many.'),
    live_sessions: z.number().describe('Sessions that live at once, on average.'),
    held_by_first_party: z
      .number()
      .describe('Numbers that a first party, of the busiest, has in sessions and in cool-off on average.'),
    held_by_second_party: z.number().nullable(),
    pool: z
      .object({
        country: z.string().nullable(),
        subaccount: z.string().nullable(),
        numbers: z.int().describe('Enabled numbers that there are now.'),
        numbers_to_add: NUMBERS,
      })
      .describe('What there is.'),
  })
  .meta({ id: 'PoolPlan' });

export type PoolPlanObject = z.infer<typeof POOL_PLAN>;

const NEEDS: Readonly<Record<PoolConstraint, string>> = {
  persons: 'a person has one session, or cool-off, on a number at a time',
  unknown_callers: 'a number takes one single-party session, or its cool-off, at a time',
  pin_space: 'PINs of that length differ from those that live on the number',
  pin_guard: 'more PINs on a number would have strangers asked for more than a PIN all the time',
  calls_per_number: 'a number takes MAX_CALLS_PER_NUMBER calls at a time',
};

const UNMET: Readonly<Record<PoolConstraint, string>> = {
  ...NEEDS,
  pin_guard: 'strangers are asked for more than a PIN on every number with a session: take longer PINs',
  calls_per_number:
    'sessions of persons who have no other may all be on one number, which MAX_CALLS_PER_NUMBER bounds: raise it',
};

/** `available`: the enabled numbers of the pool that the load is for. */
export function planObject(
  plan: PoolPlan,
  pool: { readonly country: string; readonly subaccount: string; readonly available: number },
): PoolPlanObject {
  const { numbers, binds, constraints, unmet } = plan;
  const count = numbers === null ? `More than ${MOST_PLANNED} numbers` : amount(numbers);
  return {
    numbers,
    explanation: `${count}: ${NEEDS[binds]}.`,
    binds,
    constraints: constraints.map((each) => ({ ...each, explanation: NEEDS[each.constraint] })),
    numbers_without_cool_off: plan.withoutCoolOff,
    unmet: unmet.map((constraint) => ({ constraint, explanation: UNMET[constraint] })),
    expected_failed_per_million: plan.expectedShare === null ? null : rounded(plan.expectedShare * 1e6),
    live_sessions: rounded(plan.liveSessions),
    held_by_first_party: rounded(plan.heldByFirst),
    held_by_second_party: plan.heldBySecond === null ? null : rounded(plan.heldBySecond),
    pool: {
      country: pool.country === '' ? null : pool.country,
      subaccount: pool.subaccount === '' ? null : pool.subaccount,
      numbers: pool.available,
      numbers_to_add: numbers === null ? null : Math.max(0, numbers - pool.available),
    },
  };
}

/** To a hundredth. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export function amount(numbers: number): string {
  return `${numbers} ${numbers === 1 ? 'number' : 'numbers'}`;
}
