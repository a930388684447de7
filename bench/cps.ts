/**
 * The highest rate of calls that is sustained with fewer than 0.5 % of them failing, known callers and callers with a
 * PIN, beside a bare bridge on the same FreeSWITCH. The rates are gone through upwards, in turns; a way that has failed
 * at one is not tried at higher ones. Prints what a call costs each process as well; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { freeswitchBinary } from '../test/e2e/helpers/real-freeswitch.js';
import { optionsFrom, wholeNumber } from './lib/options.js';
import { cpuMsOf } from './lib/process-figures.js';
import { PROCESSES, Rig } from './lib/rig.js';
import { table } from './lib/statistics.js';
import { warmUpSteps } from './lib/warm-up.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '10,20,30,40,50,60,80,100' },
    seconds: { type: 'string', default: '15' },
    talk: { type: 'string', default: '1000' },
    'warm-up': { type: 'string', default: '500' },
    compiled: { type: 'boolean', default: false },
    output: { type: 'string', default: 'var/bench/cps.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:cps -- [--rates 10,20,30,40,50,60,80,100] [--seconds 15] [--talk 1000] [--warm-up 500]\n' +
      '                    [--compiled] [--output var/bench/cps.json]\n' +
      'rates: calls in 1037 ms, ascending; seconds: at each; talk: milliseconds that two talk; warm-up: calls of each way\n' +
      'ahead of all; compiled: the controller is run as `npm run build` left it, rather than from its sources. Needs\n' +
      'FREESWITCH_BIN, sipp, redis-server.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('bench:cps needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const WAYS = ['bare', 'masked', 'pin'] as const;
type Way = (typeof WAYS)[number];
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
/** CPU in milliseconds a call. */
interface Step {
  readonly way: Way;
  readonly rate: number;
  readonly calls: number;
  readonly failed: number;
  readonly cpu: { readonly freeswitch: number; readonly controller: number; readonly redis: number };
}
const steps: Step[] = [];
const isOut = new Set<Way>();

const rig = await Rig.start({ isTraced: false, isCompiled: values.compiled });
try {
  const most = Math.ceil(Math.max(...rates) * seconds);
  process.stderr.write(`preparing ${most} sessions, and as many with a PIN\n`);
  await rig.createSessions(most);
  await rig.createPinSessions(most);
  for (const way of WAYS) {
    for (const { count, rate } of warmUpSteps(warmUp, most)) {
      process.stderr.write(`${count} calls ahead of all, ${rate} in 1037 ms: ${NAMES[way]}\n`);
      await rig.load(way, `warm-${rate}-${way}`, { count, rate, holdMs: 100 });
    }
  }
  for (const [index, rate] of rates.entries()) {
    for (const way of index % 2 === 0 ? WAYS : WAYS.toReversed()) {
      if (isOut.has(way)) continue;
      const step = await measure(way, rate);
      steps.push(step);
      if (step.failed > step.calls * MOST_FAILED) isOut.add(way);
    }
  }
} finally {
  await rig.close();
}

const bareCpu = new Map(
  steps.filter(({ way }) => way === 'bare').map(({ rate, cpu }) => [rate, cpu.freeswitch]),
);
const rows = steps
  .toSorted((one, other) => WAYS.indexOf(one.way) - WAYS.indexOf(other.way) || one.rate - other.rate)
  .map(({ way, rate, calls, failed, cpu }) => [
    NAMES[way],
    String(rate),
    String(calls),
    String(failed),
    cpu.freeswitch.toFixed(1),
    (cpu.freeswitch / (bareCpu.get(rate) ?? Number.NaN)).toFixed(2),
    cpu.controller.toFixed(1),
    cpu.redis.toFixed(1),
  ]);
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
  `${table([head, ...rows])}\nms: of CPU per call; ${cpus().length} cores carry everything\n`,
);
for (const way of WAYS) {
  const held = steps.filter((step) => step.way === way && step.failed <= step.calls * MOST_FAILED);
  const highest = Math.max(0, ...held.map(({ rate }) => rate));
  process.stdout.write(
    `${NAMES[way]}: ${highest} calls in 1037 ms sustained${isOut.has(way) ? '' : ', and no limit was met'}\n`,
  );
}
await mkdir(dirname(values.output), { recursive: true });
await writeFile(values.output, `${JSON.stringify({ seconds, holdMs, warmUp, steps }, null, 1)}\n`);

async function measure(way: Way, rate: number): Promise<Step> {
  process.stderr.write(`${rate} calls in 1037 ms: ${NAMES[way]}\n`);
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
