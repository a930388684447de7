/**
 * How many virtual numbers a load of sessions needs, so that a create finds a number but for a stated share of them.
 *
 * What is planned for is what `allocate` and the claim enforce; the derivations, and where they hold, are in
 * docs/pool-planning.md. Pure arithmetic: nothing is read or kept.
 */

/** How the sessions of a load are shared over the persons in one role. */
export interface PersonsLoad {
  /** Persons over whom the sessions are shared evenly; null when each session has a person of its own. */
  readonly persons: number | null;
  /** Times as many sessions as the mean person has that the busiest, for whom is planned, have. 1 or more. */
  readonly busyFactor: number;
  /**
   * Live sessions that a person has at once at most, because the client sees to it; null for no such bound. Without
   * `persons` all of them are in use whenever a create comes.
   */
  readonly atOnce: number | null;
}

/** A load of sessions that share one pool. */
export interface PoolLoad {
  readonly sessionsPerHour: number;
  /** Mean time until a session ends or expires, seconds. */
  readonly sessionSeconds: number;
  /** Seconds that its parties keep the number after that. */
  readonly coolOffSeconds: number;
  readonly first: PersonsLoad;
  /** Null for sessions with a single party. */
  readonly second: PersonsLoad | null;
  /** Digits of each session's two generated PINs; null for sessions without. */
  readonly pinLength: number | null;
  /** Calls that run at once at the busiest time; null to leave them out. */
  readonly callsAtOnce: number | null;
}

/** What the installation enforces beside, and how good a plan has to be. */
export interface PlanRules {
  /** PIN_GUESS_RISK; 0 asks every stranger for more than a PIN anyway. */
  readonly guessRisk: number;
  /** Wrong PINs that strangers may key on a number in 24 hours before all are asked for more; 0 for no care. */
  readonly wrongPins: number;
  /** MAX_CALLS_PER_NUMBER; 0 for any number. */
  readonly maxCallsPerNumber: number;
  /** Share of creates, above 0 and below 1, that may find no number. */
  readonly target: number;
}

/**
 * What needs numbers:
 * - `persons`: a person has one session, or cool-off, on a number at a time;
 * - `unknown_callers`: so has a number with a single-party session, which gets all its unknown callers;
 * - `pin_space`: new PINs differ from those that live on the number;
 * - `pin_guard`: so many PINs live on a number that strangers are asked for more than a PIN all the time;
 * - `calls_per_number`: MAX_CALLS_PER_NUMBER.
 */
export const POOL_CONSTRAINTS = [
  'persons',
  'unknown_callers',
  'pin_space',
  'pin_guard',
  'calls_per_number',
] as const;
export type PoolConstraint = (typeof POOL_CONSTRAINTS)[number];

export interface ConstraintPlan {
  readonly constraint: PoolConstraint;
  /** Numbers that this one alone needs; null when {@link MOST_PLANNED} do not do. */
  readonly numbers: number | null;
}

export interface PoolPlan {
  /** Null when {@link MOST_PLANNED} numbers do not do, or no number of numbers does: see `unmet`. */
  readonly numbers: number | null;
  /** The constraint that needs most. */
  readonly binds: PoolConstraint;
  /** Numbers that would do if there were no cool-off. */
  readonly withoutCoolOff: number | null;
  readonly constraints: readonly ConstraintPlan[];
  /** What more numbers do not cure: it stays out of `numbers`. */
  readonly unmet: readonly PoolConstraint[];
  /** Share of creates that find no number with so many; null without `numbers`. */
  readonly expectedShare: number | null;
  /** Sessions that live at once, on average. */
  readonly liveSessions: number;
  /** Numbers that a person of each role has in a session or in cool-off, on average; null without that role. */
  readonly heldByFirst: number;
  readonly heldBySecond: number | null;
}

/** The largest pool that is planned. */
export const MOST_PLANNED = 10_000;
/** Pairs of generated PINs that a create tries on one number (SessionRepository). */
const PIN_ATTEMPTS = 10;
/** Numbers that it looks at first, drawn at random, for those with the fewest PINs (NumberPool). */
const DRAWN = 32;
/** A session has one for each party. */
const PINS_OF_SESSION = 2;
/** Standard deviations beyond which nothing is looked at: about 1e-9 of it lies there. */
const SPREAD = 6;
/** Pairs of counts that are rarer add nothing to a share of creates that anybody plans with. */
const NEGLIGIBLE = 1e-11;
/** Points by which one standard deviation is told; next to the whole pool, where it matters most, each count is one. */
const POINTS = 8;
const EXACT = 64;

/** The plan for a load. Takes milliseconds; where persons have thousands of sessions each, a tenth of a second. */
export function planPool(load: PoolLoad, rules: PlanRules): PoolPlan {
  const constraints = constraintsOf(load, rules);
  const binding = constraints.reduce((most, each) => (needOf(each) > needOf(most) ? each : most));
  const shorter =
    load.coolOffSeconds === 0 ? constraints : constraintsOf({ ...load, coolOffSeconds: 0 }, rules);
  const unmet = unmetBy(load, rules);
  return {
    numbers: binding.numbers,
    binds: binding.constraint,
    withoutCoolOff: shorter.some(({ numbers }) => numbers === null)
      ? null
      : Math.max(...shorter.map(({ numbers }) => numbers ?? 0)),
    constraints,
    unmet,
    expectedShare: binding.numbers === null ? null : shareWithout(load, binding.numbers),
    liveSessions: offered(load.sessionsPerHour, load.sessionSeconds),
    heldByFirst: meanHeld(load, load.first),
    heldBySecond: load.second === null ? null : meanHeld(load, load.second),
  };
}

/** Share of the creates of this load that find no number in a pool of `numbers`. */
export function shareWithout(load: PoolLoad, numbers: number): number {
  if (isOpen(load)) return erlangB(numbers, offered(load.sessionsPerHour, holdSeconds(load)));
  return Math.min(1, personsShare(load, numbers) + pinShare(load, numbers));
}

/** Live PINs of a length that a number has at most while strangers may still key `wrongPins` unasked in 24 hours. */
export function mostGuardedPins(rules: Pick<PlanRules, 'guessRisk' | 'wrongPins'>, length: number): number {
  return Math.floor((Math.round(rules.guessRisk * 1e12) * 10 ** length) / (1e12 * rules.wrongPins));
}

/**
 * Erlang's B: the share of arrivals that find all of `places` taken, when `load` of them would be in use on average
 * were there no end of places. It holds for any distribution of the time that a place is kept.
 */
export function erlangB(places: number, load: number): number {
  let blocked = 1;
  for (let place = 1; place <= places; place += 1) blocked = (load * blocked) / (place + load * blocked);
  return blocked;
}

/** The least number from 1 on for which `suffices` holds, and with it for all above; null beyond the largest pool. */
export function leastNumbers(suffices: (numbers: number) => boolean): number | null {
  let high = 1;
  while (!suffices(high)) {
    if (high === MOST_PLANNED) return null;
    high = Math.min(MOST_PLANNED, high * 2);
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The chance of a Poisson count of this mean to be `least` or more. */
export function poissonTail(mean: number, least: number): number {
  if (least <= 0) return 1;
  if (mean <= 0) return 0;
  let [term, sum] = [Math.exp(least * Math.log(mean) - mean - logFactorial(least)), 0];
  if (least < mean) {
    // From below, where there are fewer terms that count.
    for (let count = least; count > 0 && term > 1e-18; count -= 1) {
      term *= count / mean;
      sum += term;
    }
    return Math.max(0, 1 - sum);
  }
  for (let count = least; term > 1e-18 && count < least + 1e6; count += 1) {
    sum += term;
    term *= mean / (count + 1);
  }
  return Math.min(1, sum);
}

function constraintsOf(load: PoolLoad, rules: PlanRules): ConstraintPlan[] {
  const { target } = rules;
  const plans: ConstraintPlan[] = [];
  const plan = (constraint: PoolConstraint, suffices: (numbers: number) => boolean): void => {
    plans.push({ constraint, numbers: leastNumbers(suffices) });
  };
  const byPersons = remembered((numbers) => personsShare(load, numbers));
  if (isOpen(load)) plan('unknown_callers', (numbers) => shareWithout(load, numbers) <= target);
  else plan('persons', (numbers) => byPersons(numbers) <= target);
  const { pinLength, callsAtOnce } = load;
  if (pinLength !== null) {
    // On top of what persons leave, so that both together keep to the target.
    plan('pin_space', (numbers) => byPersons(numbers) + pinShare(load, numbers) <= target);
    const most = sessionsUnguarded(rules, pinLength);
    if (most > 0) {
      const live = offered(load.sessionsPerHour, load.sessionSeconds);
      plan('pin_guard', (numbers) => crowdedShare(live, most, numbers) <= target);
    }
  }
  if (callsAtOnce !== null && rules.maxCallsPerNumber > 0 && isSpread(load)) {
    plan(
      'calls_per_number',
      (numbers) => poissonTail(callsAtOnce / numbers, rules.maxCallsPerNumber) <= target,
    );
  }
  return plans;
}

/**
 * Nearly all sessions of persons who are new may be on one number, as nothing speaks against it: more numbers do not
 * take calls off it. And no number of numbers helps where a single session has too many PINs for the guard.
 */
function unmetBy(load: PoolLoad, rules: PlanRules): PoolConstraint[] {
  const { pinLength, callsAtOnce } = load;
  const { maxCallsPerNumber, guessRisk, wrongPins, target } = rules;
  const isGuarded =
    pinLength !== null && guessRisk > 0 && wrongPins > 0 && sessionsUnguarded(rules, pinLength) === 0;
  const isCrowded =
    callsAtOnce !== null &&
    maxCallsPerNumber > 0 &&
    !isSpread(load) &&
    poissonTail(callsAtOnce, maxCallsPerNumber) > target;
  return [
    ...(isGuarded ? (['pin_guard'] as const) : []),
    ...(isCrowded ? (['calls_per_number'] as const) : []),
  ];
}

/** Sessions with PINs that a number takes without strangers being guarded all the time; 0 when that is no aim. */
function sessionsUnguarded(rules: PlanRules, pinLength: number): number {
  if (rules.guessRisk === 0 || rules.wrongPins === 0) return 0;
  return Math.floor(mostGuardedPins(rules, pinLength) / PINS_OF_SESSION);
}

/** The rule of sessions that have all unknown callers of their number. */
function isOpen({ second, pinLength }: PoolLoad): boolean {
  return second === null && pinLength === null;
}

/** Whether the choice spreads the sessions: those with PINs go where the fewest are, open ones exclude each other. */
function isSpread(load: PoolLoad): boolean {
  return load.pinLength !== null || load.second === null;
}

/** The search asks for the same pool several times over. */
function remembered(share: (numbers: number) => number): (numbers: number) => number {
  const known = new Map<number, number>();
  return (numbers) => {
    const value = known.get(numbers) ?? share(numbers);
    known.set(numbers, value);
    return value;
  };
}

function needOf({ numbers }: ConstraintPlan): number {
  return numbers ?? Infinity;
}

/** Places in use on average (Little's law): `perHour` arrivals that each keep one for `seconds`. */
function offered(perHour: number, seconds: number): number {
  return (perHour / 3_600) * seconds;
}

function holdSeconds({ sessionSeconds, coolOffSeconds }: PoolLoad): number {
  return sessionSeconds + coolOffSeconds;
}

/** Share of creates whose two persons together have every one of the numbers, in sessions or in cool-off. */
function personsShare(load: PoolLoad, numbers: number): number {
  const first = heldBy(load, load.first, numbers);
  const second = load.second === null ? [{ held: 0, chance: 1 }] : heldBy(load, load.second, numbers);
  let share = 0;
  for (const one of first) {
    for (const other of second) {
      const chance = one.chance * other.chance;
      if (chance > NEGLIGIBLE && one.held + other.held >= numbers) {
        share += chance * coverChance(one.held, other.held, numbers);
      }
    }
  }
  return share;
}

/** The chance that two sets of `one` and `other` numbers, drawn from `numbers`, leave none of them over. */
function coverChance(one: number, other: number, numbers: number): number {
  return Math.exp(
    logFactorial(one) + logFactorial(other) - logFactorial(one + other - numbers) - logFactorial(numbers),
  );
}

interface Held {
  readonly held: number;
  readonly chance: number;
}

/** How many of the numbers a person has when a create of theirs comes. */
function heldBy(load: PoolLoad, person: PersonsLoad, numbers: number): Held[] {
  const { atOnce } = person;
  const live = offered(perPerson(load, person), load.sessionSeconds);
  if (atOnce === null) return truncatedPoisson(offered(perPerson(load, person), holdSeconds(load)), numbers);
  // Whoever has `atOnce` sessions asks for no other one, so one place is free.
  const now =
    person.persons === null
      ? [{ held: Math.min(atOnce - 1, numbers), chance: 1 }]
      : truncatedPoisson(live, Math.min(atOnce - 1, numbers));
  const cooling = truncatedPoisson(meanCooling(load, person), numbers);
  const sum = new Map<number, number>();
  for (const one of now) {
    for (const other of cooling) {
      const held = one.held + other.held;
      if (held <= numbers) sum.set(held, (sum.get(held) ?? 0) + one.chance * other.chance);
    }
  }
  const total = [...sum.values()].reduce((all, chance) => all + chance, 0);
  // What is beyond the pool cannot be: the person has all of it.
  if (total === 0) return [{ held: numbers, chance: 1 }];
  return [...sum].map(([held, chance]) => ({ held, chance: chance / total }));
}

/** Sessions an hour of one of the busiest persons. */
function perPerson({ sessionsPerHour }: PoolLoad, { persons, busyFactor }: PersonsLoad): number {
  return persons === null ? 0 : (sessionsPerHour * Math.min(busyFactor, persons)) / persons;
}

function meanCooling(load: PoolLoad, person: PersonsLoad): number {
  const { atOnce, persons } = person;
  const { sessionSeconds, coolOffSeconds } = load;
  if (atOnce === null) return offered(perPerson(load, person), coolOffSeconds);
  if (persons === null) return (atOnce * coolOffSeconds) / sessionSeconds;
  const hourly = perPerson(load, person);
  return offered(hourly * (1 - erlangB(atOnce, offered(hourly, sessionSeconds))), coolOffSeconds);
}

function meanHeld(load: PoolLoad, person: PersonsLoad): number {
  const { atOnce, persons } = person;
  const cooling = meanCooling(load, person);
  if (persons === null) return (atOnce ?? 0) + cooling;
  const live = offered(perPerson(load, person), load.sessionSeconds);
  return (atOnce === null ? live : live * (1 - erlangB(atOnce, live))) + cooling;
}

/** Share of creates of sessions with PINs that find the PINs that are drawn taken, on every number. */
function pinShare(load: PoolLoad, numbers: number): number {
  if (load.pinLength === null) return 0;
  const space = 10 ** load.pinLength;
  const persons = meanHeld(load, load.first) + (load.second === null ? 0 : meanHeld(load, load.second));
  const free = Math.max(1, numbers - persons);
  let share = 0;
  const live = offered(load.sessionsPerHour, load.sessionSeconds);
  for (const { held, chance } of truncatedPoisson(live, Math.floor((space * numbers) / PINS_OF_SESSION))) {
    const taken = Math.min(1, (PINS_OF_SESSION * held) / (numbers * space));
    share += chance * (1 - (1 - taken) ** PINS_OF_SESSION) ** (PIN_ATTEMPTS * free);
  }
  return share;
}

/**
 * Share of creates that come upon numbers only that have `most` sessions or more, when `live` live in all on average.
 * The fewest are kept level by the choice; it overlooks a number with room when that is not among those drawn.
 */
function crowdedShare(live: number, most: number, numbers: number): number {
  const places = most * numbers;
  if (numbers <= DRAWN) return poissonTail(live, places);
  let share = 0;
  for (const { held, chance } of truncatedPoisson(live, Infinity)) {
    share += chance * (1 - DRAWN / numbers) ** Math.max(0, places - held);
  }
  return share;
}

/**
 * A Poisson count of this mean that cannot exceed `most`, as points: those of a wide one stand for their neighbours, so
 * that there are never more than some hundred.
 */
function truncatedPoisson(mean: number, most: number): Held[] {
  if (mean <= 0 || most <= 0) return [{ held: 0, chance: 1 }];
  const deviation = Math.sqrt(mean);
  const step = Math.max(1, Math.floor(deviation / POINTS));
  const highest = Math.min(most, Math.ceil(mean + SPREAD * deviation + SPREAD));
  const lowest = Math.max(0, Math.floor(Math.min(mean, most) - SPREAD * deviation));
  const points: { held: number; weight: number }[] = [];
  let heaviest = -Infinity;
  for (let held = highest; held >= lowest;) {
    const width = highest - held < EXACT ? 1 : Math.min(step, held - lowest + 1);
    const middle = held - Math.floor(width / 2);
    const weight = middle * Math.log(mean) - logFactorial(middle) + Math.log(width);
    heaviest = Math.max(heaviest, weight);
    points.push({ held: middle, weight });
    held -= width;
  }
  let total = 0;
  const chances = points.map(({ held, weight }) => {
    const chance = Math.exp(weight - heaviest);
    total += chance;
    return { held, chance };
  });
  return chances.map(({ held, chance }) => ({ held, chance: chance / total }));
}

const LOG_FACTORIALS: number[] = [0, 0];
/** Those that are kept; above, Stirling's series is exact to the last digits. */
const MOST_KEPT = MOST_PLANNED;

function logFactorial(count: number): number {
  if (count > MOST_KEPT) {
    return (
      (count + 0.5) * Math.log(count) -
      count +
      0.5 * Math.log(2 * Math.PI) +
      1 / (12 * count) -
      1 / (360 * count ** 3)
    );
  }
  for (let next = LOG_FACTORIALS.length; next <= count; next += 1) {
    LOG_FACTORIALS.push((LOG_FACTORIALS[next - 1] ?? 0) + Math.log(next));
  }
  return LOG_FACTORIALS[count] ?? 0;
}
