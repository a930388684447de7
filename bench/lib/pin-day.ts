import { Dice } from './dice.js';
import { Guesser, type GuesserKind } from './guesser.js';
import { HABITS, HonestCallers, type HonestHabits, type HonestKind } from './honest-callers.js';
import type { PinNumber } from './pin-number.js';

export interface DayPlan {
  /** Milliseconds since the epoch. Days that begin 72 hours apart have nothing in common but the PINs. */
  readonly start: number;
  readonly seed: number;
  readonly guesser: GuesserKind;
  /** Caller IDs of a guesser who changes them, and attempts of the guesser in all. */
  readonly ids: number;
  readonly guesses: number;
  /** Honest callers, and how many in ten are of which kind. */
  readonly honest: number;
  readonly tenths: Readonly<Record<HonestKind, number>>;
  readonly habits?: HonestHabits;
}

export interface HonestTally {
  callers: number;
  asked: number;
  connectedAtOnce: number;
  connected: number;
  turnedAway: number;
}

export interface DayResult {
  readonly guesser: Pick<Guesser, 'unasked' | 'asked' | 'refused' | 'hits' | 'chance'>;
  readonly honest: Readonly<Record<HonestKind, HonestTally>>;
}

const DAY = 24 * 3_600_000;
/** How long before the day the returning phones got in. */
const BEFORE = 36 * 3_600_000;
/** Phones that got in before, for every ten calls of such phones in the day. */
const PHONES_FOR_TEN = 5;
/** Calls under way at once. */
const WIDTH = 32;

/** 24 hours on one number, with a clock that is simulated and everything else the store's own. */
export async function simulateDay(number: PinNumber, plan: DayPlan): Promise<DayResult> {
  const dice = new Dice(plan.seed);
  const honest = new HonestCallers(number, dice, plan.seed * 100_000, plan.habits ?? HABITS);
  const guesser = new Guesser(number, new Dice(plan.seed + 1_000_000), plan.guesser, plan.ids);
  const returning = Math.ceil((plan.honest * plan.tenths.returning * PHONES_FOR_TEN) / 100);
  await honest.remember(returning, plan.start - BEFORE);
  await guesser.prepare(plan.start - BEFORE);

  const tallies: Record<HonestKind, HonestTally> = {
    'first-time': emptyTally(),
    withheld: emptyTally(),
    returning: emptyTally(),
  };
  const kinds = (Object.keys(tallies) as HonestKind[]).flatMap((kind) =>
    Array.from({ length: plan.tenths[kind] }, () => kind),
  );
  const events: { readonly at: number; readonly run: () => Promise<unknown> }[] = [];
  for (let index = 0; index < plan.honest; index += 1) {
    const [kind, at] = [dice.pick(kinds), plan.start + dice.below(DAY)];
    const person = new Dice(dice.below(4_294_967_296));
    events.push({
      at,
      run: async () => count(tallies[kind], await honest.call(kind, at, person)),
    });
  }
  for (const at of guesser.schedule(plan.start, plan.guesses)) {
    events.push({ at, run: () => guesser.guess(at) });
  }
  events.sort((one, other) => one.at - other.at);
  // One who has a single caller ID waits for the end of each call.
  await inTurn(events, plan.guesser === 'burst' || plan.guesser === 'even' ? WIDTH : 1);
  return { guesser, honest: tallies };
}

/** How many of `days` days a guesser gets in who gives up as soon as more than a PIN is asked for. */
export async function daysGotIn(
  number: PinNumber,
  plan: Pick<DayPlan, 'start' | 'seed' | 'ids'> & { readonly days: number },
): Promise<{ days: number; gotIn: number; guesses: number }> {
  let [gotIn, guesses] = [0, 0];
  for (let day = 0; day < plan.days; day += 1) {
    const guesser = new Guesser(number, new Dice(plan.seed + day), 'burst', plan.ids);
    const start = plan.start + day * 3 * DAY;
    // Each caller ID is used once, so that only the number's own guard ends it.
    for (let guess = 0; guess < plan.ids; guess += 1) {
      if (await guesser.guess(start + guess)) break;
    }
    guesses += guesser.unasked;
    if (guesser.hits > 0) gotIn += 1;
  }
  return { days: plan.days, gotIn, guesses };
}

async function inTurn(
  events: readonly { readonly run: () => Promise<unknown> }[],
  width: number,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let event = events[next]; event !== undefined; event = events[next]) {
      next += 1;
      await event.run();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

function emptyTally(): HonestTally {
  return { callers: 0, asked: 0, connectedAtOnce: 0, connected: 0, turnedAway: 0 };
}

function count(
  tally: HonestTally,
  outcome: { connected: boolean; connectedAtOnce: boolean; asked: boolean; turnedAway: boolean },
): void {
  tally.callers += 1;
  if (outcome.asked) tally.asked += 1;
  if (outcome.connectedAtOnce) tally.connectedAtOnce += 1;
  if (outcome.connected) tally.connected += 1;
  if (outcome.turnedAway) tally.turnedAway += 1;
}
