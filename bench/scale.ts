/**
 * What a second node with a second controller adds: one of each beside two of each, on one Redis, in turns, at the same
 * rate for each node. Prints the highest rate that each set-up sustains and what was at its limit then, and, because
 * everything shares the cores of this machine, what a call costs each process; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { ControllerProcess } from '../test/helpers/controller.js';
import { freeTcpPort } from '../test/helpers/ports.js';
import { Stack } from '../test/helpers/stack.js';
import { Filled } from './lib/fill.js';
import { ForkedNode } from './lib/forked-node.js';
import { openWatched } from './lib/interruption.js';
import { busyMsOfMachine, cpuMsOf } from './lib/process-figures.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '20,30,40,50,60,80,100' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    talk: { type: 'string', default: '1000' },
    p99: { type: 'string', default: '250' },
    numbers: { type: 'string', default: '100' },
    output: { type: 'string', default: 'var/bench/scale.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:scale -- [--rates 20,30,40,50,60,80,100] [--seconds 10] [--rounds 2] [--talk 1000] [--p99 250]\n' +
      '                      [--numbers 100] [--output var/bench/scale.json]\n' +
      'rates: calls a second of each node, ascending; seconds: of each in a round; talk: milliseconds that two talk;\n' +
      'p99: milliseconds until the other phone is told of a call, at most, for a rate that is sustained. Needs\n' +
      'redis-server. Nothing is kept to cores of its own: one for each process would be eight.\n',
  );
  process.exit(0);
}

/** Nodes, and controllers, of each set-up. */
const SETUPS = { one: 1, two: 2 } as const;
type Setup = keyof typeof SETUPS;
const NAMES = Object.keys(SETUPS) as Setup[];
const TRUNK = 'bench';
/** Share of calls that may fail at a rate that is sustained. */
const MOST_FAILED = 0.005;
/** What is written behind a call belongs to it. Milliseconds. */
const BEHIND_MS = 1_000;
/** For which everything rests, to know what it costs then. Milliseconds. */
const REST_MS = 5_000;
/** Share of the machine, and of a core, from which on it is the limit. */
const FULL = { machine: 0.9, process: 0.85 } as const;

const rates = values.rates.split(',').map(Number);
const [seconds, rounds, talkMs, mostP99] = [values.seconds, values.rounds, values.talk, values.p99].map(
  Number,
) as [number, number, number, number];

interface Side {
  readonly controllers: readonly number[];
  readonly nodes: readonly ForkedNode[];
}

/** Milliseconds of CPU: of all the controllers, Redis, all the nodes. */
interface Use {
  readonly controllers: number;
  readonly redis: number;
  readonly nodes: number;
}

/** One rate in one round. */
interface Figures {
  readonly setup: Setup;
  /** Calls a second of each node. */
  readonly rate: number;
  readonly calls: number;
  readonly failed: number;
  readonly reached: number;
  readonly setups: readonly number[];
  /** A call's, without what everything costs at rest. */
  readonly cpu: Use;
  /** While calls came in: shares of one core by process, and of the whole machine. */
  readonly shares: Readonly<Record<string, number>>;
  readonly machine: number;
}

const bench = await openWatched(async (opened, close) => {
  const total = NAMES.reduce((sum, setup) => sum + SETUPS[setup], 0);
  const stack = await Stack.prepare({
    controllers: total,
    trunks: [TRUNK],
    // The watchdog stays, and does not kill what stands still because other things keep the machine busy.
    environment: { LOG_LEVEL: 'fatal', WATCHDOG_LIMIT_MS: '30000' },
  });
  opened.push(() => stack.close());
  const filled = await Filled.open(stack.redis.url, stack.dataKey, Number(values.numbers));
  opened.push(() => filled.close());
  const [questionHosts, cdrHosts] = [stack.questionHosts.split('|'), stack.cdrHosts.split('|')];
  const sides: Partial<Record<Setup, Side>> = {};
  let next = 0;
  for (const setup of NAMES) {
    const own = Array.from({ length: SETUPS[setup] }, (_, index) => next + index);
    next += own.length;
    const ports = await Promise.all(own.map(() => freeTcpPort()));
    const nodes: ForkedNode[] = [];
    for (const [index, eventSocketPort] of ports.entries()) {
      // Each node asks a controller of its own first, and another one when that is gone.
      const inTurn = [...own.slice(index), ...own.slice(0, index)];
      const name = `${setup}-${index + 1}`;
      const node = await ForkedNode.start(
        {
          ...{ name, eventSocketPort, trunk: TRUNK, cdrDir: join(stack.folder, `cdr-${name}`) },
          ...{ questionSecret: stack.questionSecret, password: stack.eventSocketPassword },
          questionHosts: inTurn.map((host) => questionHosts[host] ?? ''),
          cdrHosts: inTurn.map((host) => cdrHosts[host] ?? ''),
        },
        opened,
      );
      nodes.push(node);
    }
    const list = ports.map((port) => `127.0.0.1:${port}`).join(',');
    const controllers = own.map((index) => {
      const { environment = {}, logFile = '' } = stack.controllers[index] ?? {};
      const controller = new ControllerProcess({ ...environment, FREESWITCH_NODES: list }, logFile);
      stack.controllers[index] = controller;
      return controller;
    });
    await Promise.all(controllers.map((controller) => controller.start()));
    sides[setup] = { controllers: controllers.map(({ pid }) => pid ?? 0), nodes };
  }
  return { stack, filled, sides: sides as Readonly<Record<Setup, Side>>, close };
});

const { stack, filled, sides } = bench;
const redisPid = stack.redis.pid ?? 0;
const figures: Figures[] = [];
/** The first rate that a set-up did not sustain. */
const metAt = new Map<Setup, number>();
const resting = new Map<Setup, Use>();
try {
  process.stderr.write('preparing sessions\n');
  await filled.fill(Math.max(...rates) * seconds * Math.max(...Object.values(SETUPS)));
  // The first calls load code and open connections; they are not what a call costs.
  for (const setup of NAMES) await measure(setup, 20, 5);
  for (const setup of NAMES) resting.set(setup, await rest(setup));
  for (const rate of rates) {
    for (let round = 0; round < rounds; round += 1) {
      for (const setup of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
        if ((metAt.get(setup) ?? Infinity) < rate) continue;
        process.stderr.write(
          `${rate} calls a second of each node, round ${round + 1} of ${rounds}: ${setup}\n`,
        );
        figures.push(await measure(setup, rate, seconds));
      }
    }
    for (const setup of NAMES) if (!isSustained(setup, rate) && !metAt.has(setup)) metAt.set(setup, rate);
  }
} finally {
  await bench.close();
}

print();
await mkdir(dirname(values.output), { recursive: true });
const written = {
  ...{ seconds, rounds, talkMs, mostP99, cores: cpus().length, figures },
  resting: Object.fromEntries(resting),
};
await writeFile(values.output, `${JSON.stringify(written, null, 1)}\n`);

/** Calls at `rate` a second through each node, for so many seconds. */
async function measure(setup: Setup, rate: number, duration: number): Promise<Figures> {
  const { nodes, controllers } = sides[setup];
  const each = rate * duration;
  const names = [
    ...controllers.map((_, n) => `controller ${n + 1}`),
    'Redis',
    ...nodes.map((_, n) => `node ${n + 1}`),
  ];
  const pids = [...controllers, redisPid, ...nodes.map(({ pid }) => pid)];
  const [before, begun] = [useOf(setup), performance.now()];
  const [cpuBefore, busyBefore] = [pids.map(cpuMsOf), busyMsOfMachine()];
  const whileTheyComeIn = sleep(duration * 1_000).then(() => {
    const ms = performance.now() - begun;
    const shares = pids.map((pid, index) => (cpuMsOf(pid) - (cpuBefore[index] ?? 0)) / ms);
    return {
      shares: Object.fromEntries(names.map((name, index) => [name, shares[index] ?? 0])),
      machine: (busyMsOfMachine() - busyBefore) / ms / cpus().length,
    };
  });
  const results = await Promise.all(
    nodes.map((node, index) =>
      node.run({ rate, calls: each, talkMs, from: index * each, numbers: filled.numbers }),
    ),
  );
  await sleep(BEHIND_MS);
  const [after, ms] = [useOf(setup), performance.now() - begun];
  const calls = each * nodes.length;
  const atRest = resting.get(setup) ?? { controllers: 0, redis: 0, nodes: 0 };
  const perCall = (part: keyof Use): number =>
    (after[part] - before[part] - (atRest[part] * ms) / 1_000) / calls;
  return {
    ...{ setup, rate, calls },
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    reached: results.reduce((sum, { placedMs }) => sum + each / (placedMs / 1_000), 0),
    setups: results.flatMap(({ setups }) => setups),
    cpu: { controllers: perCall('controllers'), redis: perCall('redis'), nodes: perCall('nodes') },
    ...(await whileTheyComeIn),
  };
}

/** Milliseconds of CPU a second while nobody calls. */
async function rest(setup: Setup): Promise<Use> {
  const before = useOf(setup);
  await sleep(REST_MS);
  const after = useOf(setup);
  const per = (part: keyof Use): number => ((after[part] - before[part]) * 1_000) / REST_MS;
  return { controllers: per('controllers'), redis: per('redis'), nodes: per('nodes') };
}

function useOf(setup: Setup): Use {
  const { controllers, nodes } = sides[setup];
  const of = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  return { controllers: of(controllers), redis: of([redisPid]), nodes: of(nodes.map(({ pid }) => pid)) };
}

function at(setup: Setup, rate: number): readonly Figures[] {
  return figures.filter((each) => each.setup === setup && each.rate === rate);
}

function isSustained(setup: Setup, rate: number): boolean {
  const setups = at(setup, rate).flatMap((each) => each.setups);
  return isKept(setup, rate) && percentile(setups, 0.99) <= mostP99;
}

/** Whether its calls came about, however late. */
function isKept(setup: Setup, rate: number): boolean {
  const own = at(setup, rate);
  const of = (part: 'failed' | 'calls'): number => own.reduce((sum, each) => sum + each[part], 0);
  return own.length > 0 && of('failed') <= of('calls') * MOST_FAILED;
}

function median(own: readonly Figures[], of: (each: Figures) => number): number {
  return percentile(own.map(of), 0.5);
}

/** What was full at a rate that was not sustained. */
function limitAt(setup: Setup, rate: number): string {
  const own = at(setup, rate);
  const machine = median(own, (each) => each.machine);
  const [first] = own;
  const [busiest = '', share = 0] =
    Object.keys(first?.shares ?? {})
      .map((name): [string, number] => [name, median(own, ({ shares }) => shares[name] ?? 0)])
      .toSorted(([, one], [, other]) => other - one)[0] ?? [];
  const ours = median(own, oursOf);
  const all = `all ${cpus().length} cores were ${percent(machine)} busy, ${percent(ours)} with these processes`;
  const one = `${busiest} took ${percent(share)} of a core`;
  if (machine >= FULL.machine && ours < machine / 2) return `other things that ran here: ${all}`;
  if (machine >= FULL.machine) return `the machine: ${all}; of them ${one}`;
  if (share >= FULL.process) return `${one}; ${all}`;
  return `no core and no process was full: ${one}, ${all}`;
}

/** Share of the machine that the processes of the set-up took. */
function oursOf({ shares }: Figures): number {
  return Object.values(shares).reduce((sum, each) => sum + each, 0) / cpus().length;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function print(): void {
  const rows = rates.flatMap((rate) =>
    NAMES.filter((setup) => at(setup, rate).length > 0).map((setup) => {
      const own = at(setup, rate);
      const setups = own.flatMap((each) => each.setups);
      return [
        `${setup} of each`,
        String(rate * SETUPS[setup]),
        median(own, ({ reached }) => reached).toFixed(0),
        String(own.reduce((sum, { failed }) => sum + failed, 0)),
        percentile(setups, 0.5).toFixed(1),
        percentile(setups, 0.99).toFixed(1),
        median(own, ({ cpu }) => cpu.controllers).toFixed(2),
        median(own, ({ cpu }) => cpu.redis).toFixed(2),
        median(own, ({ cpu }) => cpu.nodes).toFixed(2),
        percent(median(own, ({ machine }) => machine)),
        percent(median(own, oursOf)),
      ];
    }),
  );
  const head = ['set-up', 'calls/s', 'reached', 'failed', 'p50 ms', 'p99 ms'];
  const costs = ['controllers ms', 'Redis ms', 'nodes ms', 'machine busy', 'with these'];
  process.stdout.write(
    `${table([[...head, ...costs], ...rows])}\np50, p99: from a call's coming in until B's phone was told; controllers, ` +
      `Redis, nodes: ms of CPU a call, without what they cost at rest; ${cpus().length} cores carry everything\n`,
  );
  const highest = { one: sustainedBy('one'), two: sustainedBy('two') };
  for (const setup of NAMES) {
    const limit = metAt.get(setup);
    const why = limit === undefined ? 'no limit was met' : limitAt(setup, limit);
    process.stdout.write(`${setup} of each: ${highest[setup]} calls a second sustained. Limit: ${why}\n`);
  }
  const [cores, busy] = [cpus().length, 2 * SETUPS.two + 1];
  // Where no limit was met, the highest rate is only the last one that was tried.
  const isKnown = metAt.size === NAMES.length && Math.min(highest.one, highest.two) > 0;
  const ratio = isKnown ? (highest.two / highest.one).toFixed(2) : 'unknown, try other rates';
  process.stdout.write(`times that two sustain what one does, on this machine: ${ratio}\n`);
  if (cores < busy) {
    process.stdout.write(
      `it has ${cores} cores for ${busy} busy processes: that ratio is the machine's; what follows is the software's\n`,
    );
  }
  compareCosts();
}

/** Highest rate of all nodes together up to which every one was sustained. */
function sustainedBy(setup: Setup): number {
  const own = rates.filter((rate) => rate < (metAt.get(setup) ?? Infinity) && isSustained(setup, rate));
  return Math.max(0, ...own) * SETUPS[setup];
}

/** At the rates at which both kept their calls: what the software adds to a call when everything is there twice. */
function compareCosts(): void {
  const both = rates.filter((rate) => NAMES.every((setup) => isKept(setup, rate)));
  if (both.length === 0) {
    process.stdout.write('at no rate did both keep their calls: their costs cannot be compared\n');
    return;
  }
  const cost = (setup: Setup, part: keyof Use): number =>
    percentile(
      both.map((rate) => median(at(setup, rate), ({ cpu }) => cpu[part])),
      0.5,
    );
  const rate = (setup: Setup, part: keyof Use): string => (1_000 / cost(setup, part)).toFixed(0);
  for (const [part, what] of [
    ['controllers', 'a controller'],
    ['redis', 'Redis'],
  ] as const) {
    process.stdout.write(
      `one core of ${what}: ${rate('one', part)} calls a second with one of each, ${rate('two', part)} with two; ` +
        `a call costs ${(cost('two', part) / cost('one', part)).toFixed(2)} times as much\n`,
    );
  }
  const growth = (2 * cost('one', 'controllers')) / cost('two', 'controllers');
  process.stdout.write(
    `by CPU, with a core for each, two controllers carry ${growth.toFixed(2)} times what one does; all share one ` +
      `Redis, whose core is full at ${rate('two', 'redis')} calls a second\n`,
  );
  for (const [setup, use] of resting) {
    process.stdout.write(
      `at rest, ${setup} of each: controllers ${use.controllers.toFixed(1)}, Redis (of all) ` +
        `${use.redis.toFixed(1)}, nodes ${use.nodes.toFixed(1)} ms of CPU a second\n`,
    );
  }
}
