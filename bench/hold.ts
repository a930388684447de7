/**
 * What calls that are held at once cost FreeSWITCH, the controller and Redis, in memory and in CPU, through a bare bridge
 * and through ours, each on a FreeSWITCH of its own, in turns. The calls of one level stay while those of the next come in.
 * A level that the machine does not hold is told as its limit, with what was used up. Writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { MasklineError } from '../src/errors.js';
import { freeswitchBinary } from '../test/e2e/helpers/real-freeswitch.js';
import type { Sipp } from '../test/e2e/helpers/sipp.js';
import { cpuRate, hasRoom, heldFigures, type HeldFigures } from './lib/held-calls.js';
import { exhausted, machineMemory, machineTimes, percent, shareIdle } from './lib/machine.js';
import { numberList, optionsFrom, wholeNumber } from './lib/options.js';
import { MOST_CALLS, PROCESSES, Rig, type ProcessName, type Route } from './lib/rig.js';
import { medianOf, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    levels: { type: 'string', default: '100,500,1000,2000' },
    rate: { type: 'string', default: '20' },
    still: { type: 'string', default: '15' },
    rounds: { type: 'string', default: '2' },
    output: { type: 'string', default: 'var/bench/hold.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:hold -- [--levels 100,500,1000,2000] [--rate 20] [--still 15] [--rounds 2]\n' +
      '                     [--output var/bench/hold.json]\n' +
      'levels: calls held at once; rate: calls in 1037 ms; still: seconds of each level in which nothing happens but held\n' +
      'calls, 15 for one round of the reconciler. Needs FREESWITCH_BIN, sipp, redis-server, and memory for the calls, some\n' +
      '2.3 MB each.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('bench:hold needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const { levels, rate, stillMs, rounds } = optionsFrom(() => ({
  levels: numberList('levels', values.levels, { from: 10, to: MOST_CALLS }),
  rate: wholeNumber('rate', values.rate, { from: 1, to: 500 }),
  stillMs: wholeNumber('still', values.still, { from: 1, to: 600 }) * 1_000,
  rounds: wholeNumber('rounds', values.rounds, { from: 1, to: 100 }),
}));

/** Calls before anything is measured: they load code and open connections. */
const WARM_UP = 20;
/** Share of a level's calls that have to be up. */
const ENOUGH = 0.99;
/** Milliseconds in which no further call came up, after which a level counts as not reached. */
const PATIENCE_MS = 20_000;
/** Milliseconds for what is written behind the last calls, and for memory to settle. */
const SETTLE_MS = 3_000;
/** Milliseconds: longer than any run. */
const HOLD_MS = 6 * 3_600_000;
const ROUTES = ['bare', 'masked'] as const satisfies readonly Route[];
const NAMES: Readonly<Record<Route, string>> = { bare: 'bare bridge', masked: 'maskline' };

/** One level on one route in one round. */
interface Step {
  readonly route: Route;
  readonly round: number;
  readonly level: number;
  /** Calls that were up. */
  readonly held: number;
  readonly figures: Readonly<Record<ProcessName, HeldFigures>>;
  /** Shares of the machine's CPU that nobody had, 0 to 1. */
  readonly idle: { readonly setUp: number; readonly held: number };
}

/** A level that was not reached. */
interface Limit {
  readonly route: Route;
  readonly round: number;
  readonly level: number;
  readonly held: number;
  /** In words. */
  readonly exhausted: string;
}

const steps: Step[] = [];
const limits: Limit[] = [];
for (let round = 1; round <= rounds; round += 1) {
  for (const route of round % 2 === 1 ? ROUTES : ROUTES.toReversed()) {
    await climb(route, round);
    // After each: the next one takes minutes.
    await mkdir(dirname(values.output), { recursive: true });
    await writeFile(values.output, `${JSON.stringify({ levels, rate, stillMs, steps, limits }, null, 1)}\n`);
  }
}

const head = [
  ...['calls held', 'route', 'up', 'FreeSWITCH KiB', 'controller', 'Redis'],
  ...['FreeSWITCH set-up ms', 'controller', 'Redis', 'FreeSWITCH held ms/s', 'controller', 'Redis'],
  ...['idle in set-up', 'idle held'],
];
const tried = levels.filter((level) => steps.some((step) => step.level === level));
process.stdout.write(`${table([head, ...tried.flatMap(rowsOf)])}\n`);
process.stdout.write(
  `KiB: resident memory per call that came in at the level. Set-up: CPU per call, beyond that of the calls that are up. Held: CPU a second of\n` +
    `100 calls with which nothing happens. Medians of ${rounds} round${rounds === 1 ? '' : 's'}; idle: CPU of the ` +
    `machine that nobody had; ${cpus().length} cores carry everything\n`,
);
for (const { route, round, level, held, exhausted: what } of limits) {
  process.stdout.write(
    `the machine's limit: ${NAMES[route]}, round ${round}: ${held} of ${level} calls were up: ${what}\n`,
  );
}

/** Rows of both routes at a level, and what ours adds. What calls cost is only told where the level was reached. */
function rowsOf(level: number): string[][] {
  const own = (route: Route): Step[] => steps.filter((step) => step.route === route && step.level === level);
  const figure = (route: Route, of: (step: Step) => number): number =>
    medianOf(
      own(route).filter(({ held }) => held >= level * ENOUGH),
      of,
    );
  const columns = (['kibPerCall', 'setUpMs', 'heldMsPer100'] as const).flatMap((name) =>
    PROCESSES.map((process) => ({
      of: (step: Step): number => step.figures[process][name],
      digits: name === 'kibPerCall' ? 0 : 1,
    })),
  );
  const text = (value: number, digits: number): string =>
    Number.isNaN(value) ? '–' : value.toFixed(digits).replace(/^-(0(\.0)?)$/, '$1');
  const rows = ROUTES.map((route) => [
    String(level),
    NAMES[route],
    text(
      medianOf(own(route), ({ held }) => held),
      0,
    ),
    ...columns.map(({ of, digits }) => text(figure(route, of), digits)),
    ...(['setUp', 'held'] as const).map((when) => {
      const idle = medianOf(own(route), (step) => step.idle[when]);
      return Number.isNaN(idle) ? '–' : percent(idle);
    }),
  ]);
  const difference = columns.map(({ of, digits }) => text(figure('masked', of) - figure('bare', of), digits));
  return [...rows, ['', 'difference', '', ...difference, '', '']];
}

/** Goes up the levels on a FreeSWITCH that has just started and seen a few calls, as far as the machine holds them. */
async function climb(route: Route, round: number): Promise<void> {
  const most = Math.max(...levels);
  const rig = await Rig.start({ isTraced: false, atOnce: Math.ceil(most * 1.1) + WARM_UP });
  const callers: Sipp[] = [];
  try {
    process.stderr.write(`round ${round} of ${rounds}, ${NAMES[route]}: preparing\n`);
    // A bare bridge asks nobody.
    if (route === 'masked') await rig.createSessions(most + WARM_UP);
    const warm = await rig.place(route, 'warm', {
      ...{ from: most, count: WARM_UP, rate: 10, holdMs: 100, isTraced: false },
    });
    await warm.exited;
    await sleep(SETTLE_MS);
    await goUp(rig, route, round, callers);
  } finally {
    for (const caller of callers) await caller.stop();
    await rig.close();
  }
}

async function goUp(rig: Rig, route: Route, round: number, callers: Sipp[]): Promise<void> {
  const before = rig.sample();
  await sleep(stillMs);
  const after = rig.sample();
  const emptyRate = each((process) => cpuRate(before[process], after[process]));
  let [held, rateBefore, kibPerCall] = [0, emptyRate, 0];
  for (const level of levels) {
    const memory = machineMemory();
    if (!hasRoom(level - held, kibPerCall, memory.available)) {
      const left = `memory: ${Math.round(memory.available / 1024)} MiB are left, a call takes ${Math.round(kibPerCall)} KiB`;
      limits.push({ route, round, level, held, exhausted: `not tried for want of ${left}` });
      return;
    }
    const [heldBefore, folder, atBegin, begun] = [held, `hold-${level}`, machineTimes(), rig.sample()];
    try {
      const calls = { from: heldBefore, count: level - heldBefore, rate, holdMs: HOLD_MS, isTraced: false };
      callers.push(await rig.place(route, folder, calls));
      await sleep((calls.count / rate) * 1_037);
      held = await comeUp(rig, level);
      const [up, atUp] = [rig.sample(), machineTimes()];
      await sleep(SETTLE_MS);
      const [from, atStill] = [rig.sample(), machineTimes()];
      await sleep(stillMs);
      const [to, atEnd] = [rig.sample(), machineTimes()];
      // One that was lost meanwhile is not held.
      held = await callsOf(rig, held);
      const figures = each((name) =>
        heldFigures({
          ...{ emptyRate: emptyRate[name], begun: begun[name], up: up[name] },
          ...{ rateBefore: rateBefore[name], heldBefore, held },
          still: [from[name], to[name]],
        }),
      );
      const idle = { setUp: shareIdle(atBegin, atUp), held: shareIdle(atStill, atEnd) };
      steps.push({ route, round, level, held, figures, idle });
      process.stderr.write(
        `round ${round} of ${rounds}, ${NAMES[route]}: ${held} of ${level} calls are up\n`,
      );
      if (held < level * ENOUGH) {
        const refusals = await rig.refusals(folder);
        const found = exhausted({ idle: Math.min(idle.setUp, idle.held), memory: machineMemory(), refusals });
        limits.push({ route, round, level, held, exhausted: found });
        return;
      }
      rateBefore = each((name) => cpuRate(from[name], to[name]));
      ({ kibPerCall } = figures.freeswitch);
    } catch (error) {
      // FreeSWITCH does not answer any more, or something has ended: as far as this machine goes.
      if (!(error instanceof MasklineError)) throw error;
      const refusals = await rig.refusals(folder);
      const idle = shareIdle(atBegin, machineTimes());
      const found = exhausted({ idle, memory: machineMemory(), refusals });
      limits.push({ route, round, level, held, exhausted: `${error.message}; ${found}` });
      return;
    }
  }
}

function each<T>(of: (process: ProcessName) => T): Record<ProcessName, T> {
  return { freeswitch: of('freeswitch'), controller: of('controller'), redis: of('redis') };
}

/** Calls that are up once it is enough of them, or no more come up. */
async function comeUp(rig: Rig, wanted: number): Promise<number> {
  let most = await callsOf(rig, 0);
  for (let since = performance.now(); most < wanted * ENOUGH && performance.now() - since < PATIENCE_MS;) {
    await sleep(1_000);
    const now = await callsOf(rig, most);
    if (now > most) [most, since] = [now, performance.now()];
  }
  return most;
}

/** Calls that are up; `last` when FreeSWITCH has no time to tell. Throws ProcessGoneError. */
async function callsOf(rig: Rig, last: number): Promise<number> {
  rig.sample();
  try {
    return Math.floor((await rig.channels()) / 2);
  } catch (error) {
    if (error instanceof MasklineError) return last;
    throw error;
  }
}
