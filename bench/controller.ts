/**
 * The controller alone against the simulated FreeSWITCH: how many calls a second one core of it sets up and how many it
 * holds, beside the question server alone, which decides without Redis and keeps no records. In turns. Prints what a
 * call costs each process; writes JSON beside it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { SimulatedFreeSwitch } from '../sandbox/simulated-freeswitch.js';
import { COMPILED, SOURCES } from '../test/helpers/controller.js';
import { Stack } from '../test/helpers/stack.js';
import { Filled } from './lib/fill.js';
import { openWatched } from './lib/interruption.js';
import { answersAt, answersBetween, answersOf, ownShareCells, type AnswerCounts } from './lib/own-share.js';
import { cpuMsOf, pin, prefer, residentKib } from './lib/process-figures.js';
import { SimLoad } from './lib/sim-load.js';
import { medianOf, percentile, sum, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '25,50,100,200' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    talk: { type: 'string', default: '1000' },
    held: { type: 'string', default: '2000' },
    ramp: { type: 'string', default: '50' },
    controllers: { type: 'string', default: '1' },
    numbers: { type: 'string', default: '100' },
    compiled: { type: 'boolean', default: false },
    profile: { type: 'string', default: '' },
    log: { type: 'string', default: 'fatal' },
    output: { type: 'string', default: 'var/bench/controller.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:controller -- [--rates 25,50,100,200] [--seconds 10] [--rounds 2] [--talk 1000]\n' +
      '                           [--held 2000] [--ramp 50] [--controllers 1] [--numbers 100]\n' +
      '                           [--compiled] [--profile FOLDER] [--log fatal] [--output var/bench/controller.json]\n' +
      'rates: calls a second; seconds: of each rate in a round; talk: milliseconds that two talk; held: calls held at\n' +
      'once, 0 for none, which come in at `ramp` a second. Needs redis-server. With two cores or more the controllers\n' +
      'have the first ones, and what they are driven by the others. compiled: the controller is run as `npm run build`\n' +
      'left it, rather than from its sources; profile: a folder for a CPU profile of each controller; log: LOG_LEVEL.\n',
  );
  process.exit(0);
}

const ROOT = new URL('../', import.meta.url).pathname;
const rates = values.rates.split(',').map(Number);
const [seconds, rounds, talkMs, held, ramp] = [
  ...[values.seconds, values.rounds, values.talk, values.held, values.ramp].map(Number),
] as [number, number, number, number, number];
const controllers = Number(values.controllers);
/** Milliseconds in which nothing but held calls is measured. */
const STILL_MS = 10_000;

const ROUTES = ['question server', 'maskline'] as const;
type Route = (typeof ROUTES)[number];

/** One rate on one route in one round. CPU in milliseconds a call. */
interface Figures {
  readonly route: Route;
  readonly rate: number;
  readonly reached: number;
  readonly setups: readonly number[];
  readonly failed: number;
  /** What the controllers say of their answers; empty for the question server, which says nothing. */
  readonly answers: AnswerCounts;
  readonly cpu: number;
  readonly cpuOfRedis: number;
  readonly cpuOfNode: number;
}

interface Side {
  readonly node: SimulatedFreeSwitch;
  readonly load: SimLoad;
  /** What answers the questions. */
  readonly pids: readonly number[];
}

const bench = await openWatched(async (opened, close) => {
  const stack = await Stack.prepare({
    controllers,
    trunks: ['bench'],
    environment: { LOG_LEVEL: values.log, METRICS_ALLOW: '127.0.0.1' },
    program: [
      ...(values.profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]),
      ...(values.compiled ? COMPILED : SOURCES),
    ],
  });
  opened.push(() => stack.close());
  const filled = await Filled.open(stack.redis.url, stack.dataKey, Number(values.numbers));
  opened.push(() => filled.close());
  const masked = nodeOf({ questionHosts: stack.questionHosts, cdrHosts: stack.cdrHosts, stack });
  opened.push(() => masked.stop());
  await masked.start();
  await stack.startControllers();
  const server = fork(new URL('./lib/question-server.ts', import.meta.url), [], {
    execArgv: ['--import', 'tsx'],
    env: { PATH: process.env['PATH'] ?? '', QUESTION_SECRET: stack.questionSecret },
  });
  opened.push(async () => {
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  });
  const [port] = (await once(server, 'message')) as [number];
  const bare = nodeOf({ questionHosts: `127.0.0.1:${port}`, cdrHosts: '', stack });
  opened.push(() => bare.stop());
  await bare.start();
  const sides: Readonly<Record<Route, Side>> = {
    maskline: { node: masked, load: new SimLoad(masked), pids: stack.controllers.map(({ pid }) => pid ?? 0) },
    'question server': { node: bare, load: new SimLoad(bare), pids: [server.pid ?? 0] },
  };
  return { stack, filled, sides, close };
});

const { stack, filled, sides } = bench;
const redisPid = stack.redis.pid ?? 0;
const figures: Figures[] = [];
const holding: { route: Route; calls: number; kibPerCall: number; cpuPerSecond: number; failed: number }[] =
  [];
let pinned = false;
let isPreferred = false;
try {
  const [mine, others] = coresOf(cpus().length);
  pinned = await pinAll(mine, others);
  isPreferred = prefer(redisPid);
  process.stderr.write('preparing sessions\n');
  await filled.fill(Math.max(held, ...rates.map((rate) => rate * seconds)));
  // The first calls load code and open connections; they are not what a call costs.
  for (const route of ROUTES) await measure(route, 20, 100);
  for (let round = 0; round < rounds; round += 1) {
    for (const rate of rates) {
      for (const route of round % 2 === 0 ? ROUTES : ROUTES.toReversed()) {
        process.stderr.write(`round ${round + 1} of ${rounds}: ${rate} calls a second, ${route}\n`);
        figures.push(await measure(route, rate, rate * seconds));
      }
    }
  }
  if (held > 0) for (const route of ROUTES) holding.push(await hold(route));
} finally {
  await bench.close();
}

const rows = rates.flatMap((rate) =>
  ROUTES.map((route) => {
    const own = figures.filter((each) => each.route === route && each.rate === rate);
    const setups = own.flatMap((each) => each.setups);
    const median = (of: (each: Figures) => number): number => medianOf(own, of);
    return [
      route,
      String(rate),
      median(({ reached }) => reached).toFixed(0),
      String(own.reduce((sum, { failed }) => sum + failed, 0)),
      percentile(setups, 0.5).toFixed(2),
      percentile(setups, 0.99).toFixed(2),
      ...ownShareCells(answersOf(own.map(({ answers }) => answers))),
      median(({ cpu }) => cpu).toFixed(2),
      median(({ cpuOfRedis }) => cpuOfRedis).toFixed(2),
      median(({ cpuOfNode }) => cpuOfNode).toFixed(2),
      (1_000 / median(({ cpu }) => cpu)).toFixed(0),
    ];
  }),
);
const head = [
  ...[
    'decided by',
    'calls/s',
    'reached',
    'failed',
    'p50 ms',
    'p99 ms',
    'own p50',
    'own p99',
    'own < 10 ms',
    'its CPU ms',
    'Redis',
    'simulated node',
  ],
  'calls/s of one core',
];
process.stdout.write(
  `${table([head, ...rows])}\np50, p99: from the call's coming in until B's phone was told; own: from the question's coming in until\n` +
    `its answer is on the wire, by the controllers' metrics, on a line between their bounds; CPU: per call. ` +
    `${controllers} controller${controllers === 1 ? '' : 's'}; ${cpus().length} cores` +
    (pinned ? ', the first for what decides' : ', shared by all') +
    `${isPreferred ? '; Redis comes before the simulated node' : '; Redis waits its turn with the simulated node: run as root'}\n`,
);
for (const { route, calls, kibPerCall, cpuPerSecond, failed } of holding) {
  process.stdout.write(
    `${route}: ${calls} calls held, ${failed} failed; ${kibPerCall.toFixed(1)} KiB a call, ` +
      `${cpuPerSecond.toFixed(1)} ms of CPU a second while nothing happens\n`,
  );
}
await mkdir(dirname(values.output), { recursive: true });
await writeFile(
  values.output,
  `${JSON.stringify({ seconds, controllers, pinned, isPreferred, figures, holding }, null, 1)}\n`,
);
process.exitCode = [...figures, ...holding].some(({ failed }) => failed > 0) ? 1 : 0;

function nodeOf(of: { questionHosts: string; cdrHosts: string; stack: Stack }): SimulatedFreeSwitch {
  const isMasked = of.cdrHosts !== '';
  return new SimulatedFreeSwitch({
    dialplanFile: join(ROOT, 'dialplan/masking.xml'),
    soundsDir: join(ROOT, 'freeswitch/sounds/en'),
    questionHosts: of.questionHosts.split('|'),
    questionSecret: of.stack.questionSecret,
    ...(isMasked ? { eventSocketPort: of.stack.eventSocketPort } : {}),
    password: of.stack.eventSocketPassword,
    cdrDir: isMasked ? of.stack.cdrDir : '',
    cdrHosts: isMasked ? of.cdrHosts.split('|') : [],
    trunks: { bench: 'up' },
    otherwise: { kind: 'answer', afterMs: 100 },
  });
}

async function pinAll(mine: readonly number[], others: readonly number[]): Promise<boolean> {
  const done = await Promise.all([
    ...[...sides.maskline.pids, ...sides['question server'].pids].map((pid) => pin(pid, mine)),
    ...[process.pid, redisPid].map((pid) => pin(pid, others)),
  ]);
  return done.every(Boolean);
}

/** Cores for what decides, and for what it is driven by. */
function coresOf(count: number): [readonly number[], readonly number[]] {
  const all = Array.from({ length: count }, (_, core) => core);
  const own = Math.min(controllers, count - 1);
  return own < 1 ? [[], []] : [all.slice(0, own), all.slice(own)];
}

async function measure(route: Route, rate: number, calls: number): Promise<Figures> {
  const { load, pids } = sides[route];
  const used = (): [number, number, number] => [
    sum(pids.map(cpuMsOf)),
    cpuMsOf(redisPid),
    cpuMsOf(process.pid),
  ];
  // First: what that look costs the controllers is no call's.
  const answersBefore = await answersOn(route);
  const before = used();
  const { setups, failed, placedMs } = await load.run({
    rate,
    calls,
    talkMs,
    dials: (n) => filled.numberOf(n),
  });
  // What is written behind a call belongs to it.
  await sleep(1_000);
  const [cpu, cpuOfRedis, cpuOfNode] = used().map((ms, index) => (ms - (before[index] ?? 0)) / calls) as [
    number,
    number,
    number,
  ];
  const answers = answersBetween(answersBefore, await answersOn(route));
  const reached = calls / (placedMs / 1_000);
  return { route, rate, reached, setups, failed, answers, cpu, cpuOfRedis, cpuOfNode };
}

async function answersOn(route: Route): Promise<AnswerCounts> {
  return route === 'maskline' ? answersAt(stack.controllers.map(({ url }) => url)) : [];
}

async function hold(route: Route): Promise<(typeof holding)[number]> {
  const { load, pids } = sides[route];
  process.stderr.write(`${route}: ${held} calls come in and stay\n`);
  const before = sum(pids.map(residentKib));
  const { failed } = await load.run({
    rate: ramp,
    calls: held,
    talkMs: null,
    dials: (n) => filled.numberOf(n),
  });
  await sleep(1_000);
  const kibPerCall = (sum(pids.map(residentKib)) - before) / held;
  const cpu = sum(pids.map(cpuMsOf));
  await sleep(STILL_MS);
  const cpuPerSecond = (sum(pids.map(cpuMsOf)) - cpu) / (STILL_MS / 1_000);
  const calls = load.up;
  // As fast as they came: thousands at once would be thousands of CDRs and open files at once.
  await load.hangUp(ramp);
  return { route, calls, kibPerCall, cpuPerSecond, failed };
}
