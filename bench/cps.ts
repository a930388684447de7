/**
 * The highest rate of calls that is sustained with fewer than 0.5 % of them failing, known callers and callers with a
 * PIN, beside a bare bridge on the same FreeSWITCH. The rates are gone through upwards, the ways in turns, forwards and
 * backwards; a way that has failed is not tried again in its round. Prints what a call costs each process as well, the median of the
 * rounds, each of which starts everything anew; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { freeswitchBinary } from '../test/e2e/helpers/real-freeswitch.js';
import { BadOptionError, optionsFrom, wholeNumber } from './lib/options.js';
import { cpuMsOf } from './lib/process-figures.js';
import { CoresMissingError, PROCESSES, Rig, type ProcessName } from './lib/rig.js';
import { median, sum, table } from './lib/statistics.js';
import { warmUpSteps } from './lib/warm-up.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '10,20,30,40,50,60,80,100' },
    seconds: { type: 'string', default: '15' },
    talk: { type: 'string', default: '1000' },
    'warm-up': { type: 'string', default: '500' },
    rounds: { type: 'string', default: '1' },
    ways: { type: 'string', default: 'bare,masked,pin' },
    apart: { type: 'boolean', default: false },
    compiled: { type: 'boolean', default: false },
    output: { type: 'string', default: 'var/bench/cps.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:cps -- [--rates 10,20,30,40,50,60,80,100] [--seconds 15] [--talk 1000] [--warm-up 500]\n' +
      '                    [--rounds 1] [--ways bare,masked,pin] [--apart] [--compiled] [--output var/bench/cps.json]\n' +
      'rates: calls in 1037 ms, ascending; seconds: at each; talk: milliseconds that two talk; warm-up:\n' +
      'calls of each way ahead of all; rounds: each with a FreeSWITCH of its own, and each way twice, for what a call costs,\n' +
      'which differs from one start to the next; ways: which of bare bridge, known caller and caller with a PIN (without the\n' +
      'first nothing is compared with it); apart: FreeSWITCH has the first core, and everything else that is started here the\n' +
      'others, for what a call costs and not for limits; compiled: the controller is run as `npm run build` left it,\n' +
      'rather than from its sources.\n' +
      'Needs FREESWITCH_BIN, sipp, redis-server.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('bench:cps needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const EVERY_WAY = ['bare', 'masked', 'pin'] as const;
type Way = (typeof EVERY_WAY)[number];
const WAYS = optionsFrom(() => waysIn(values.ways));
const NAMES: Readonly<Record<Way, string>> = {
  bare: 'bare bridge',
  masked: 'known caller',
  pin: 'caller with a PIN',
};
/** Share of calls that may fail at a rate that is sustained. */
const MOST_FAILED = 0.005;

const rates = values.rates.split(',').map(Number);
const [seconds, holdMs] = [Number(values.seconds), Number(values.talk)] as const;
const warmUp = optionsFrom(() => wholeNumber('warm-up', values['warm-up'], { from: 0, to: 100_000 }));
const rounds = optionsFrom(() => wholeNumber('rounds', values.rounds, { from: 1, to: 100 }));
/** One way at one rate in one round. CPU in milliseconds a call. */
interface Step {
  readonly way: Way;
  readonly rate: number;
  readonly round: number;
  readonly calls: number;
  readonly failed: number;
  readonly cpu: Readonly<Record<ProcessName, number>>;
}
const steps: Step[] = [];

for (let round = 0; round < rounds; round += 1) {
  // One start of FreeSWITCH differs from the next: what is compared is measured on the same one.
  const rig = await started();
  try {
    await goThrough(rig, round);
  } finally {
    await rig.close();
  }
}

const rows = WAYS.flatMap((way) =>
  rates.flatMap((rate) => {
    const taken = steps.filter((step) => step.way === way && step.rate === rate);
    if (taken.length === 0) return [];
    const cpu = (name: ProcessName): string => median([...meansOf(way, rate, name).values()]).toFixed(1);
    const bare = meansOf('bare', rate, 'freeswitch');
    const times = [...meansOf(way, rate, 'freeswitch')].flatMap(([round, ms]) => {
      const besides = bare.get(round);
      return besides === undefined ? [] : [ms / besides];
    });
    return [
      [
        NAMES[way],
        String(rate),
        String(sum(taken.map(({ calls }) => calls))),
        String(sum(taken.map(({ failed }) => failed))),
        cpu('freeswitch'),
        times.length === 0 ? '' : median(times).toFixed(2),
        cpu('controller'),
        cpu('redis'),
      ],
    ];
  }),
);
const head = [
  'way',
  'calls in 1037 ms',
  'calls',
  'failed',
  'FreeSWITCH ms',
  'times the bare',
  'controller ms',
  'Redis ms',
];
process.stdout.write(
  `${table([head, ...rows])}\nms: of CPU per call; ${cpus().length} cores, ${values.apart ? 'the first for FreeSWITCH alone' : 'which carry everything'}` +
    `${rounds === 1 ? '' : `; medians of ${rounds} rounds, "times" that of each round's own`}\n`,
);
for (const way of WAYS) {
  const of = steps.filter((step) => step.way === way);
  const failedAt = new Set(
    of.filter(({ calls, failed }) => failed > calls * MOST_FAILED).map(({ rate }) => rate),
  );
  const highest = Math.max(0, ...of.map(({ rate }) => rate).filter((rate) => !failedAt.has(rate)));
  process.stdout.write(
    `${NAMES[way]}: ${highest} calls in 1037 ms sustained${failedAt.size > 0 ? '' : ', and no limit was met'}\n`,
  );
}
await mkdir(dirname(values.output), { recursive: true });
await writeFile(
  values.output,
  `${JSON.stringify({ seconds, holdMs, warmUp, rounds, apart: values.apart, steps }, null, 1)}\n`,
);

/** A rig of its own for a round. Where it cannot be had on cores of its own, that is said in one line. */
async function started(): Promise<Rig> {
  try {
    return await Rig.start({ isTraced: false, isCompiled: values.compiled, isApart: values.apart });
  } catch (error) {
    if (!(error instanceof CoresMissingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** The ways that are named, in our order. Throws BadOptionError. */
function waysIn(text: string): readonly Way[] {
  const named = new Set(text.split(',').map((each) => each.trim()));
  const ways = EVERY_WAY.filter((way) => named.delete(way));
  if (named.size > 0 || ways.length === 0) {
    throw new BadOptionError(`--ways must be some of ${EVERY_WAY.join(', ')}, with commas between`);
  }
  return ways;
}

/** By round, the CPU that a call cost `name` at one rate: the mean of there and back. */
function meansOf(way: Way, rate: number, name: ProcessName): Map<number, number> {
  const taken = steps.filter((step) => step.way === way && step.rate === rate);
  return new Map(
    taken.map(({ round }) => {
      const same = taken.filter((step) => step.round === round);
      return [round, sum(same.map(({ cpu }) => cpu[name])) / same.length];
    }),
  );
}

/** Every rate on one start, the ways forwards and backwards in turns. */
async function goThrough(rig: Rig, round: number): Promise<void> {
  const place = rounds === 1 ? '' : `, round ${round + 1} of ${rounds}`;
  const most = Math.ceil(Math.max(...rates) * seconds);
  process.stderr.write(
    `preparing ${most} sessions${WAYS.includes('pin') ? ', and as many with a PIN' : ''}${place}\n`,
  );
  await rig.createSessions(most);
  if (WAYS.includes('pin')) await rig.createPinSessions(most);
  for (const way of WAYS) {
    for (const { count, rate } of warmUpSteps(warmUp, most)) {
      process.stderr.write(`${count} calls ahead of all, ${rate} in 1037 ms: ${NAMES[way]}${place}\n`);
      await rig.load(way, `warm-${rate}-${way}`, { count, rate, holdMs: 100 });
    }
  }
  const isOut = new Set<Way>();
  for (const [index, rate] of rates.entries()) {
    for (const way of turnsAt(index + round)) {
      if (isOut.has(way)) continue;
      process.stderr.write(`${rate} calls in 1037 ms: ${NAMES[way]}${place}\n`);
      const step = { ...(await measure(rig, way, rate)), round };
      steps.push(step);
      if (step.failed > step.calls * MOST_FAILED) isOut.add(way);
    }
  }
}

/**
 * The ways in the order in which they are measured. What FreeSWITCH has done before makes a call cost it up to a tenth more: so in
 * rounds each way is measured twice, there and back.
 */
function turnsAt(turn: number): readonly Way[] {
  const there = turn % 2 === 0 ? WAYS : WAYS.toReversed();
  return rounds === 1 ? there : [...there, ...there.toReversed()];
}

async function measure(rig: Rig, way: Way, rate: number): Promise<Omit<Step, 'round'>> {
  const used = (): number[] => PROCESSES.map((name) => cpuMsOf(rig.pids[name]));
  const connectedBefore = await rig.connected();
  const before = used();
  const count = Math.ceil(rate * seconds);
  const { failed: unanswered } = await rig.load(way, `${way}-${rate}`, { count, rate, holdMs });
  // What is written behind a call belongs to it.
  await sleep(2_000);
  const after = used();
  // A caller with a PIN is answered by the prompt already: what counts is who was joined with somebody.
  const joined = (await rig.connected()) - connectedBefore;
  const failed = way === 'bare' ? unanswered : Math.max(unanswered, count - joined);
  const [freeswitch = 0, controller = 0, redis = 0] = after.map(
    (ms, index) => (ms - (before[index] ?? 0)) / count,
  );
  return { way, rate, calls: count, failed, cpu: { freeswitch, controller, redis } };
}
