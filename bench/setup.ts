/**
 * From A's INVITE to B's INVITE, through our dialplan and controller and through a bare bridge, in turns on one
 * FreeSWITCH, at several rates. Prints p50 and p99 of both, what ours adds, and how much of the machine was left; writes
 * JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { freeswitchBinary } from '../test/e2e/helpers/real-freeswitch.js';
import { machineTimes, NO_CPU, percent, shareIdle } from './lib/machine.js';
import { answersAt, answersBetween, answersOf, ownShareCells, type AnswerCounts } from './lib/own-share.js';
import { numberList, optionsFrom, wholeNumber } from './lib/options.js';
import { Rig, type Route } from './lib/rig.js';
import { percentile, table } from './lib/statistics.js';
import { warmUpSteps } from './lib/warm-up.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '5,20,50' },
    // The name of the option when there was one rate.
    rate: { type: 'string' },
    calls: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '6' },
    'warm-up': { type: 'string', default: '1000' },
    compiled: { type: 'boolean', default: false },
    output: { type: 'string', default: 'var/bench/setup.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:setup -- [--rates 5,20,50] [--calls 300] [--seconds 5] [--rounds 6] [--warm-up 1000]\n' +
      '                      [--compiled] [--output var/bench/setup.json]\n' +
      'rates: calls in 1037 ms; calls: of each route at each rate over all rounds, at least; seconds: of each rate in a\n' +
      'round, at least; --rate 5 is --rates 5; warm-up: calls of each route ahead of all; compiled: the controller is run\n' +
      'as `npm run build` left it, rather than from its sources. Needs FREESWITCH_BIN, sipp, redis-server.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('bench:setup needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const { rates, calls, seconds, rounds, warmUp } = optionsFrom(() => ({
  rates: numberList('rates', values.rate ?? values.rates, { from: 1, to: 500 }),
  calls: wholeNumber('calls', values.calls, { from: 1, to: 100_000 }),
  seconds: wholeNumber('seconds', values.seconds, { from: 1, to: 600 }),
  rounds: wholeNumber('rounds', values.rounds, { from: 1, to: 1_000 }),
  warmUp: wholeNumber('warm-up', values['warm-up'], { from: 0, to: 100_000 }),
}));

const ROUTES = ['bare', 'masked'] as const satisfies readonly Route[];
const NAMES: Readonly<Record<Route, string>> = { bare: 'bare bridge', masked: 'maskline' };
/** Milliseconds from A's INVITE after which B's is not waited for. */
const LATEST_MS = 5_000;

/** One rate on one route. */
interface Figures {
  readonly rate: number;
  readonly route: Route;
  /** Milliseconds, one value a call. */
  readonly delays: number[];
  /** Calls that never reached B. */
  failed: number;
  /** Shares of the machine's CPU that nobody had, 0 to 1, one value a round. */
  readonly idle: number[];
  /** What the controller says of its answers, a look a round. */
  readonly answers: AnswerCounts[];
}
const figures: Figures[] = rates.flatMap((rate) =>
  ROUTES.map((route) => ({ rate, route, delays: [], failed: 0, idle: [], answers: [] })),
);
const of = (rate: number, route: Route): Figures => {
  const found = figures.find((each) => each.rate === rate && each.route === route);
  if (found === undefined) throw new RangeError(`${rate} calls in 1037 ms are not measured`);
  return found;
};

/** Calls of a rate in one round; each rate has the same sessions in its turn. */
const countAt = (rate: number): number => Math.max(Math.ceil(calls / rounds), rate * seconds);
const sessions = Math.max(...rates.map(countAt)) * rounds;

const rig = await Rig.start({ isCompiled: values.compiled });
try {
  process.stderr.write(`preparing ${sessions} sessions\n`);
  await rig.createSessions(sessions);
  for (const route of ROUTES) {
    for (const { count, rate } of warmUpSteps(warmUp, sessions)) {
      process.stderr.write(`${count} calls ahead of all, ${rate} in 1037 ms: ${NAMES[route]}\n`);
      const caller = await rig.place(route, `warm-${rate}-${route}`, { from: 0, count, rate, holdMs: 100 });
      await caller.exited;
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const rate of rates) {
      for (const route of round % 2 === 0 ? ROUTES : ROUTES.toReversed()) {
        process.stderr.write(`round ${round + 1} of ${rounds}: ${rate} calls in 1037 ms, ${NAMES[route]}\n`);
        await measure(rate, route, round);
      }
    }
  }
} finally {
  await rig.close();
}

const rows = rates.flatMap((rate) => {
  const difference = (p: number): string =>
    (percentile(of(rate, 'masked').delays, p) - percentile(of(rate, 'bare').delays, p)).toFixed(2);
  return [
    ...ROUTES.map((route) => {
      const { delays, failed, idle } = of(rate, route);
      return [
        ...[NAMES[route], String(rate), String(delays.length + failed)],
        ...[percentile(delays, 0.5).toFixed(2), percentile(delays, 0.99).toFixed(2)],
        ...[String(failed), percent(percentile(idle, 0.5))],
      ];
    }),
    ['difference', String(rate), '', difference(0.5), difference(0.99), '', ''],
  ];
});
const head = [
  'A INVITE to B INVITE, ms',
  'calls in 1037 ms',
  'calls',
  'p50',
  'p99',
  'never at B',
  'CPU idle',
];
process.stdout.write(
  `${table([head, ...rows])}\nCPU idle: of the whole machine while calls came in, median of ${rounds} rounds; ` +
    `${cpus().length} cores carry everything\n`,
);
for (const { rate, route, answers } of figures) {
  if (route === 'bare') continue;
  const [p50, p99, within] = ownShareCells(answersOf(answers));
  process.stdout.write(
    `${rate} calls in 1037 ms: the controller's own part, from question to answer, ${p50} / ${p99} ms, ${within} within 10 ms\n`,
  );
}
for (const { rate, route, idle } of figures) {
  const share = percentile(idle, 0.5);
  if (!(share < NO_CPU)) continue;
  process.stdout.write(
    `${rate} calls in 1037 ms, ${NAMES[route]}: the machine itself was the limit, ${percent(share)} of its CPU was idle\n`,
  );
}
await mkdir(dirname(values.output), { recursive: true });
await writeFile(values.output, `${JSON.stringify({ calls, seconds, rounds, warmUp, figures }, null, 1)}\n`);
process.exitCode = figures.some(({ failed }) => failed > 0) ? 1 : 0;

async function measure(rate: number, route: Route, round: number): Promise<void> {
  const own = of(rate, route);
  const count = countAt(rate);
  const controllers = rig.stack.controllers.map(({ url }) => url);
  const [seenBefore, answersBefore] = [(await rig.phones.log()).length, await answersAt(controllers)];
  const before = machineTimes();
  const caller = await rig.place(route, `round-${round}-${rate}-${route}`, {
    ...{ from: round * count, count, rate, holdMs: 300 },
  });
  await caller.exited;
  own.idle.push(shareIdle(before, machineTimes()));
  own.answers.push(answersBetween(answersBefore, await answersAt(controllers)));
  // SIPp writes its log in blocks.
  await sleep(1_000);
  const sent = instants(await caller.log(), 'sent', /^From: <sip:\+4477(\d+)@/m);
  const seen = instants((await rig.phones.log()).slice(seenBefore), 'received', /^INVITE sip:\+4916(\d+)@/m);
  for (const [n, [at]] of sent) {
    if (at === undefined) continue;
    const arrived = seen.get(n)?.find((instant) => instant >= at && instant < at + LATEST_MS);
    if (arrived === undefined) own.failed += 1;
    else own.delays.push(arrived - at);
  }
}

/** When each call's INVITE passed, by the call's number, in milliseconds with a fraction. */
function instants(log: string, direction: 'sent' | 'received', call: RegExp): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const entry of log.split(/^-{40,} /m).slice(1)) {
    const head = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6})\n\w+ message (sent|received)/.exec(entry);
    if (head?.[4] !== direction || !entry.includes('\nINVITE sip:')) continue;
    const n = call.exec(entry)?.[1];
    if (n === undefined) continue;
    const at = Date.parse(`${head[1] ?? ''}T${head[2] ?? ''}Z`) + Number(head[3]) / 1000;
    found.set(n, [...(found.get(n) ?? []), at]);
  }
  return found;
}
