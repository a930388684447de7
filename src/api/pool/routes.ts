import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { callingCodeOf, callingCodeOfCountry } from '../../masking/phone-number.js';
import { ANY_SCOPE, isInPool } from '../../masking/pool.js';
import { forecastPools, type NumberNow, type PoolForecast } from '../../masking/pool-forecast.js';
import { planPool, type PoolPlan } from '../../masking/pool-plan.js';
import type { VirtualNumber } from '../../masking/virtual-number.js';
import type { ApiDeps } from '../deps.js';
import { API_ID, EXAMPLE_API_ID } from '../openapi/common.js';
import type { Operation } from '../openapi/operation.js';
import { requireMain } from '../plugins/account.js';
import { resource } from '../plugins/resource.js';
import { forecastObject, POOL_FORECAST } from './forecast-object.js';
import { PoolParams } from './params.js';
import { planObject, POOL_PLAN } from './plan-object.js';

/** Days of the past that a forecast looks at: all that is kept. */
const PAST_DAYS = 42;
/** Numbers that are looked at one by one; of more it is only known how many there are. */
const MOST_LOOKED_AT = 5_000;
/** Numbers that are looked at together, so that creates get a turn between. */
const BATCH = 250;

const EXAMPLE_PLAN: PoolPlan = {
  numbers: 17,
  binds: 'persons',
  withoutCoolOff: 14,
  constraints: [{ constraint: 'persons', numbers: 17 }],
  unmet: [],
  expectedShare: 0.000_7,
  liveSessions: 500,
  heldByFirst: 6.67,
  heldBySecond: 0,
};

const EXAMPLE_FORECAST: PoolForecast = {
  pool: { subaccount: '', scope: 'GB' },
  numbers: 24,
  disabled: 1,
  now: { sessions: 412, coolingOff: 30, idleNumbers: 0 },
  lastDay: { created: 2_210, exhausted: 0 },
  lastWeek: { created: 14_350, exhausted: 0 },
  hours: 640,
  days: 28,
  runsOutOf: 'pin_guard',
  resources: [
    {
      ...{ resource: 'pin_guard', pinLength: 4, level: 40, capacity: 49, growthPerWeek: 7 },
      ...{ verdict: 'runs_out', days: 9, earliestDays: 7.2, latestDays: 12 },
      numbersNeeded: 35,
    },
  ],
  numbersToAdd: 11,
};

const planOperation = (query: z.ZodObject): Operation => ({
  id: 'planPool',
  tag: 'numbers',
  summary: 'How many virtual numbers a load needs',
  description:
    'For a load that is described, whatever runs now. The formulas are in docs/pool-planning.md. Sessions of different ' +
    'rules that share numbers are planned one by one.',
  query,
  refusals: [403],
  answers: {
    200: {
      description: 'The plan.',
      schema: z.object({ api_id: API_ID, response: POOL_PLAN }),
      example: {
        api_id: EXAMPLE_API_ID,
        response: planObject(EXAMPLE_PLAN, { country: 'GB', subaccount: '', available: 10 }),
      },
    },
  },
});

const forecastOperation = (query: z.ZodObject): Operation => ({
  id: 'forecastPools',
  tag: 'numbers',
  summary: 'What the virtual numbers run out of, and when',
  description:
    'From what creates came upon in the last six weeks and what is on the numbers now, for each owner and country that ' +
    'creates chose from. Without two weeks of data no date is given.',
  query,
  refusals: [403],
  answers: {
    200: {
      description: 'One object a pool, the most urgent first.',
      schema: z.object({ api_id: API_ID, days: z.int(), objects: z.array(POOL_FORECAST) }),
      example: { api_id: EXAMPLE_API_ID, days: 30, objects: [forecastObject(EXAMPLE_FORECAST)] },
    },
  },
});

/** `Masking/Pool/`: how many numbers are needed, and what there is runs out of. */
export function poolRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const params = new PoolParams();
  const { pool } = deps;
  resource(scope, '/Masking/Pool/Plan', {
    GET: {
      operation: planOperation(params.plan),
      handler: async (request) => {
        requireMain(request);
        const { load, rules, country, subaccount } = params.readPlan(request.query);
        const { guessRisk, maxCallsPerNumber } = pool;
        const plan = planPool(load, { ...rules, guessRisk, maxCallsPerNumber });
        const available = await countOf(country, subaccount);
        return { api_id: request.id, response: planObject(plan, { country, subaccount, available }) };
      },
    },
  });
  resource(scope, '/Masking/Pool/Forecast', {
    GET: {
      operation: forecastOperation(params.forecast),
      handler: async (request) => {
        requireMain(request);
        const { ahead, target } = params.readForecast(request.query);
        const now = deps.clock.now();
        const [{ numbers }, past] = await Promise.all([everyNumber(), pool.past(now, PAST_DAYS)]);
        const loads = numbers.length > MOST_LOOKED_AT ? null : await loadsOf(numbers, now);
        const rules = { guessRisk: pool.guessRisk, target, ahead };
        const forecasts = forecastPools({ numbers, now: loads, past, rules });
        return { api_id: request.id, days: ahead, objects: forecasts.map(forecastObject) };
      },
    },
  });

  function everyNumber(): ReturnType<ApiDeps['numbers']['list']> {
    return deps.numbers.list({ limit: Number.MAX_SAFE_INTEGER, offset: 0 });
  }

  async function countOf(country: string, subaccount: string): Promise<number> {
    const name = { subaccount, scope: country === '' ? ANY_SCOPE : country };
    const callingCode = callingCodeOfCountry(country);
    const where = (number: VirtualNumber): boolean => {
      // Most numbers tell their country, and the calling code takes time.
      const own = number.country === '' ? callingCodeOf(number.number) : '';
      return isInPool({ ...number, callingCode: own }, name, callingCode);
    };
    return (await deps.numbers.list({ limit: 1, offset: 0, where })).total;
  }

  async function loadsOf(numbers: readonly VirtualNumber[], now: number): Promise<NumberNow[]> {
    const loads: NumberNow[] = [];
    for (let from = 0; from < numbers.length; from += BATCH) {
      loads.push(...(await pool.loads(numbers.slice(from, from + BATCH), now)));
    }
    return loads;
  }
}
