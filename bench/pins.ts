/**
 * A day of guessing at the PINs of one number while honest callers go on calling: the store's own scripts on a
 * private Redis, with a clock that is simulated. Prints what the guesser gained and who was turned away, beside
 * the arithmetic; writes JSON beside it. docs/security.md explains the figures.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { RedisServer } from '../sandbox/redis-server.js';
import { chanceOfGuess, DEFAULT_PIN_GUARD, guessesAllowed, OWN_DIGITS } from '../src/masking/pin-guard.js';
import { Store } from '../src/store/index.js';
import { Dice } from './lib/dice.js';
import type { GuesserKind } from './lib/guesser.js';
import { HABITS } from './lib/honest-callers.js';
import { openWatched } from './lib/interruption.js';
import { daysGotIn, simulateDay, type DayResult, type HonestTally } from './lib/pin-day.js';
import { PinNumber } from './lib/pin-number.js';
import { table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    lengths: { type: 'string', default: '6,4' },
    live: { type: 'string', default: '100' },
    ids: { type: 'string', default: '10000' },
    'per-id': { type: 'string', default: String(DEFAULT_PIN_GUARD.callerLimit) },
    alone: { type: 'string', default: '20000' },
    honest: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
    days: { type: 'string', default: '2000' },
    risk: { type: 'string', default: String(DEFAULT_PIN_GUARD.guessRisk) },
    output: { type: 'string', default: 'var/bench/pins.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run sim:pins -- [--lengths 6,4] [--live 100] [--ids 10000] [--per-id 20] [--alone 20000] [--honest 2000]\n' +
      '                    [--runs 3] [--days 2000] [--risk 0.005] [--output var/bench/pins.json]\n' +
      'ids: caller IDs of a guesser who changes them, and per-id: attempts with each; alone: attempts of a guesser who\n' +
      'does not; runs: seeded days of each kind; days: on which a guesser gives up once asked for more; risk:\n' +
      'PIN_GUESS_RISK. Needs redis-server. The defaults take about an hour of one core.\n',
  );
  process.exit(0);
}

const GUESSERS: readonly GuesserKind[] = ['burst', 'even', 'withheld', 'one ID', 'insider'];
/** Of ten honest callers: phones that got in before, that never did, and that withhold their number. */
const TENTHS = { returning: 5, 'first-time': 4, withheld: 1 };
const START = 1_800_000_000_000;
const BETWEEN = 72 * 3_600_000;

const live = Number(values.live);
const ids = Number(values.ids);
const runs = Number(values.runs);
const rules = { ...DEFAULT_PIN_GUARD, guessRisk: Number(values.risk) };
const results: { length: number; kind: GuesserKind; day: DayResult }[] = [];
const patient: { length: number; days: number; gotIn: number; guesses: number }[] = [];

const { redis, close } = await openWatched(async (opened, end) => {
  // What is counted need not survive: the file of the shipped configuration would only slow the days down.
  const server = await RedisServer.start(['--appendonly', 'no']);
  opened.push(() => server.stop());
  return { redis: server, close: end };
});
const store = new Store({
  url: redis.url,
  dataKeys: [Buffer.alloc(32, 7).toString('base64')],
  pinGuard: rules,
});
try {
  let number = 0;
  // Days far apart, so that no run spends the risk of all numbers for another.
  const startOf = (): number => START + number * BETWEEN;
  const numberWith = (length: number): Promise<PinNumber> => {
    number += 1;
    const given = { number: `+1415555${1000 + (number % 9000)}`, length, live, now: START - BETWEEN };
    return PinNumber.open(store, { ...given, dice: new Dice(number) });
  };
  for (const length of values.lengths.split(',').map(Number)) {
    for (const kind of GUESSERS) {
      const changing = kind === 'burst' || kind === 'even';
      const guesses = changing ? ids * Number(values['per-id']) : Number(values.alone);
      for (let seed = 1; seed <= runs; seed += 1) {
        const begun = performance.now();
        const pins = await numberWith(length);
        const plan = { start: startOf(), seed, guesser: kind, ids, guesses };
        const honest = { honest: Number(values.honest), tenths: TENTHS };
        results.push({ length, kind, day: await simulateDay(pins, { ...plan, ...honest }) });
        const took = Math.round((performance.now() - begun) / 1000);
        process.stderr.write(`${length} digits, ${kind}, run ${seed} of ${runs}: ${took} s\n`);
      }
    }
    const pins = await numberWith(length);
    const days = Number(values.days);
    patient.push({ length, ...(await daysGotIn(pins, { start: startOf(), seed: 1_000, ids, days })) });
    number += days;
  }
  process.stdout.write(report());
  await mkdir(dirname(values.output), { recursive: true });
  await writeFile(
    values.output,
    `${JSON.stringify({ rules, live, habits: HABITS, results, patient }, null, 1)}\n`,
  );
} finally {
  await store.close();
  await close();
}

function report(): string {
  const lines = [
    `PINs alive on the number: ${live}. PIN_GUESS_RISK ${rules.guessRisk}. Honest callers a day: ${values.honest}; ` +
      `of ten, ${TENTHS.returning} phones that got in before, ${TENTHS['first-time']} that never did, ` +
      `${TENTHS.withheld} withheld.`,
    `Assumed: ${percent(HABITS.mistyped)} of what is keyed is mistyped; ${percent(HABITS.cannotAnswer)} of those who never ` +
      `got in cannot give the digits; ${HABITS.attempts} attempts a call, ${HABITS.calls} calls.`,
    '',
  ];
  for (const length of [...new Set(results.map((result) => result.length))]) {
    const one = chanceOfGuess(live, length);
    const allowed = guessesAllowed(rules, live, length);
    lines.push(
      `${length} digits: one guess ${live} / 10^${length} = ${one}; unasked ${allowed} x ${one} = ${percent(allowed * one)}; ` +
        `with the other question ${one} x 10^-${OWN_DIGITS} = ${one * 10 ** -OWN_DIGITS}`,
      table([
        [
          'guesser',
          'unasked',
          'asked',
          'refused',
          'chance to get in',
          'got in',
          'asked honest',
          'turned away',
          'never in before',
          'withheld',
          'returning',
        ],
        ...GUESSERS.map((kind) => row(length, kind)),
      ]),
    );
    const days = patient.find((each) => each.length === length);
    if (days !== undefined) {
      lines.push(
        `a guesser who gives up once asked for more: got in on ${days.gotIn} of ${days.days} days ` +
          `(${percent(days.gotIn / days.days)}) with ${days.guesses} guesses, by arithmetic ${percent((days.guesses * one) / days.days)} of the days`,
      );
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

function row(length: number, kind: GuesserKind): string[] {
  const days = results
    .filter((result) => result.length === length && result.kind === kind)
    .map(({ day }) => day);
  const most = (value: (guesser: DayResult['guesser']) => number): number =>
    Math.max(...days.map(({ guesser }) => value(guesser)));
  const firstTime = sum(days.map(({ honest }) => honest['first-time']));
  const withheld = sum(days.map(({ honest }) => honest.withheld));
  const returning = sum(days.map(({ honest }) => honest.returning));
  const all = sum([firstTime, withheld, returning]);
  return [
    kind,
    String(most(({ unasked }) => unasked)),
    String(most(({ asked }) => asked)),
    String(most(({ refused }) => refused)),
    percent(most(({ chance }) => chance)),
    `${days.filter(({ guesser }) => guesser.hits > 0).length} of ${days.length} days`,
    percent(all.asked / all.callers),
    percent(all.turnedAway / all.callers),
    share(firstTime),
    share(withheld),
    share(returning),
  ];
}

function share({ turnedAway, callers }: HonestTally): string {
  return `${turnedAway} of ${callers}`;
}

function sum(tallies: readonly HonestTally[]): HonestTally {
  const total = { callers: 0, asked: 0, connectedAtOnce: 0, connected: 0, turnedAway: 0 };
  for (const tally of tallies) {
    for (const name of Object.keys(total) as (keyof HonestTally)[]) total[name] += tally[name];
  }
  return total;
}

function percent(value: number): string {
  return `${Number((value * 100).toPrecision(3))} %`;
}
