/**
 * What a second node with a second controller adds: one of each beside two of each, on one Redis, in turns, at the same
 * rate for each node. Prints the highest rate that each set-up sustains and what was at its limit then, and, because
 * everything shares the cores of this machine, what a call costs each process; writes JSON beside it. With a share of a
 * core for each controller, the controllers are at their limit before the machine is.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { leaseKey } from '../src/store/keys.js';
import { ControllerProcess } from '../test/helpers/controller.js';
import { freeTcpPort } from '../test/helpers/ports.js';
import { Stack } from '../test/helpers/stack.js';
import { CpuGroups, LEAST_SHARE, PERIOD_MS, type CpuGroup } from './lib/cpu-groups.js';
import { Filled } from './lib/fill.js';
import { ForkedNode } from './lib/forked-node.js';
import { openWatched } from './lib/interruption.js';
import { CONTROLLER, isMachineFull, limitOf, oursOf } from './lib/limits.js';
import { percent } from './lib/machine.js';
import { BadOptionError, optionsFrom } from './lib/options.js';
import { busyMsOfMachine, cpuMsOf } from './lib/process-figures.js';
import { RateSearch } from './lib/rate-search.js';
import { medianOf, percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '20,30,40,50,60,80,100' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
    talk: { type: 'string', default: '1000' },
    p99: { type: 'string' },
    numbers: { type: 'string', default: '100' },
    share: { type: 'string' },
    output: { type: 'string', default: 'var/bench/scale.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:scale -- [--rates 20,30,40,50,60,80,100] [--seconds 10] [--rounds 2] [--talk 1000] [--p99 MS]\n' +
      '                      [--numbers 100] [--share 0.2] [--output var/bench/scale.json]\n' +
      'rates: calls a second of each node, ascending; seconds: of each in a round; talk: milliseconds that two talk;\n' +
      'p99: milliseconds until the other phone is told of a call, at most, for a rate that is sustained (250,\n' +
      'with a share 1000). Needs redis-server. Nothing is kept to cores of its own: one for each process would be eight.\n' +
      'share: of a core, which is all that each controller may use; nodes and Redis may use what there is. Each round\n' +
      'is a search then, from the first of the rates up to the last, for the highest one that is sustained. Linux only,\n' +
      'with control groups (cgroups(7)) of either version that may limit CPU: root may, or to whom they are delegated.\n',
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
/** With a share. */
const SEARCH = { growth: 1.25, within: 0.04 } as const;
/**
 * A search's rate that is not sustained has another go: something else may have come in between. While the machine is full,
 * that says nothing: some more.
 */
const [GOES, GOES_IN_ALL] = [2, 5];
/** Milliseconds of CPU a second, beyond twice what they take at rest, with which controllers are at rest. */
const SETTLED_MS = 20;
/** Share of the machine that may be busy with other things when a go begins, and how long that is waited for at most. Milliseconds. */
const [MOST_ELSE, LONGEST_WAIT_MS] = [0.25, 120_000];
/** Calls a second of each node, and seconds, ahead of what is measured; with a share, too little of a core is left for it later. */
const WARM_UP = { free: { rate: 20, seconds: 5 }, share: { rate: 40, seconds: 30 } } as const;

const rates = values.rates.split(',').map(Number);
const [seconds, rounds, talkMs] = [values.seconds, values.rounds, values.talk].map(Number) as [
  number,
  number,
  number,
];

const share = optionsFrom(() => (values.share === undefined ? null : shareOf(values.share)));
/** Null without a share. */
const cpuGroups = optionsFrom(() => (share === null ? null : CpuGroups.find()));
const cores = cpus().length;
/** A controller stands still for all of the time that is not its share: what takes it 50 ms takes 250 with a fifth. */
const mostP99 = Number(values.p99 ?? (share === null ? 250 : 1_000));

interface Side {
  readonly controllers: readonly number[];
  readonly nodes: readonly ForkedNode[];
  /** The nodes' Event Sockets, `host:port`. */
  readonly endpoints: readonly string[];
  /** The controllers', in the same order; none without a share. */
  readonly groups: readonly CpuGroup[];
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
  /** Meanwhile: in which share of the time a controller was held back that had used up its own, the most of them. */
  readonly throttled: number;
}

/** What a search found. */
interface Found {
  readonly setup: Setup;
  /** Calls a second of each node: the highest rate that was sustained, and the lowest that was not. */
  readonly highest: number;
  readonly limit: number;
}

const bench = await openWatched(async (opened, close) => {
  const total = NAMES.reduce((sum, setup) => sum + SETUPS[setup], 0);
  // They can go when the controllers have.
  const groups = Array.from({ length: total }, () => cpuGroups?.make(opened) ?? []).flat();
  const stack = await Stack.prepare({
    controllers: total,
    trunks: [TRUNK],
    // The watchdog stays, and does not kill what stands still because other things keep the machine busy.
    environment: { LOG_LEVEL: 'fatal', WATCHDOG_LIMIT_MS: '30000' },
  });
  opened.push(() => stack.close());
  opened.push(async () => {
    // With their share they would take their time over their end.
    for (const group of groups) group.limit(null);
    return Promise.resolve();
  });
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
    const endpoints = ports.map((port) => `127.0.0.1:${port}`);
    const list = endpoints.join(',');
    const controllers = own.map((index) => {
      const { environment = {}, logFile = '' } = stack.controllers[index] ?? {};
      const controller = new ControllerProcess({ ...environment, FREESWITCH_NODES: list }, logFile);
      stack.controllers[index] = controller;
      return controller;
    });
    await Promise.all(
      controllers.map((controller, index) => {
        const started = controller.start();
        // Before it has threads and a watchdog.
        if (controller.pid !== null) groups[own[index] ?? 0]?.add(controller.pid);
        return started;
      }),
    );
    sides[setup] = {
      ...{ controllers: controllers.map(({ pid }) => pid ?? 0), nodes, endpoints },
      groups: own.flatMap((index) => groups[index] ?? []),
    };
  }
  return { stack, filled, sides: sides as Readonly<Record<Setup, Side>>, close };
});

const { stack, filled, sides } = bench;
const redisPid = stack.redis.pid ?? 0;
const figures: Figures[] = [];
/** The first rate that a set-up did not sustain. */
const metAt = new Map<Setup, number>();
const resting = new Map<Setup, Use>();
/** With a share: one for each set-up and round. */
const found: Found[] = [];
try {
  process.stderr.write('preparing sessions\n');
  await filled.fill(Math.max(...rates) * seconds * Math.max(...Object.values(SETUPS)));
  // The first calls load code and open connections; they are not what a call costs.
  const warmUp = WARM_UP[share === null ? 'free' : 'share'];
  for (const setup of NAMES) {
    await holdEach(setup);
    await measure(setup, warmUp.rate, warmUp.seconds);
  }
  for (const setup of NAMES) for (const group of sides[setup].groups) group.limit(share);
  for (const setup of NAMES) resting.set(setup, await rest(setup));
  await (share === null ? goUp() : search());
} finally {
  await bench.close();
}

printRates();
if (share === null) printHighest();
else printFound(share);
await mkdir(dirname(values.output), { recursive: true });
const written = {
  ...{ seconds, rounds, talkMs, mostP99, cores, share, found, figures },
  resting: Object.fromEntries(resting),
};
await writeFile(values.output, `${JSON.stringify(written, null, 1)}\n`);

/** Each of the rates, until a set-up does not sustain one. */
async function goUp(): Promise<void> {
  for (const rate of rates) {
    for (let round = 0; round < rounds; round += 1) {
      for (const setup of round % 2 === 0 ? NAMES : NAMES.toReversed()) {
        if ((metAt.get(setup) ?? Infinity) < rate) continue;
        process.stderr.write(
          `${rate} calls a second of each node, round ${round + 1} of ${rounds}: ${setup}\n`,
        );
        await holdEach(setup);
        figures.push(await measure(setup, rate, seconds));
      }
    }
    for (const setup of NAMES) if (!isSustained(at(setup, rate)) && !metAt.has(setup)) metAt.set(setup, rate);
  }
}

/** In each round, for the highest rate of each set-up; both in turns. */
async function search(): Promise<void> {
  const options = { ...SEARCH, from: Math.min(...rates), to: Math.max(...rates) };
  for (let round = 0; round < rounds; round += 1) {
    const searches = { one: new RateSearch(options), two: new RateSearch(options) };
    for (let turn = round; NAMES.some((setup) => searches[setup].next !== null); turn += 1) {
      for (const setup of turn % 2 === 0 ? NAMES : NAMES.toReversed()) {
        const rate = searches[setup].next;
        if (rate !== null) searches[setup].note(rate, await tryOut(setup, rate, round));
      }
    }
    for (const setup of NAMES) {
      const { highest, limit } = searches[setup];
      found.push({ setup, highest, limit });
    }
  }
}

/** Whether the set-up sustained the rate, in one of the goes. */
async function tryOut(setup: Setup, rate: number, round: number): Promise<boolean> {
  for (let [go, all] = [0, 0]; go < GOES && all < GOES_IN_ALL; all += 1) {
    await settle(setup);
    const figure = await measure(setup, rate, seconds);
    figures.push(figure);
    const is = isSustained([figure]);
    process.stderr.write(
      `round ${round + 1} of ${rounds}, ${setup} of each, ${rate} calls a second of each node: ` +
        `${is ? '' : 'not '}sustained, ${figure.failed} failed, p99 ${percentile(figure.setups, 0.99).toFixed(0)} ms, ` +
        `machine ${percent(figure.machine)} busy\n`,
    );
    if (is) return true;
    if (!isMachineFull([figure])) go += 1;
  }
  return false;
}

/**
 * Waits until each controller supervises a node, does no more than at rest, and until what else runs leaves room. One that
 * had no time for its lease in the last go has lost its node to the other one, and gets it back.
 */
async function settle(setup: Setup): Promise<void> {
  await holdEach(setup);
  const most = (resting.get(setup)?.controllers ?? 0) * 2 + SETTLED_MS;
  for (const begun = performance.now(); ;) {
    const [controllersBefore, busyBefore, since] = [
      useOf(setup).controllers,
      busyMsOfMachine(),
      performance.now(),
    ];
    await sleep(BEHIND_MS);
    const ms = performance.now() - since;
    const isDone = ((useOf(setup).controllers - controllersBefore) * 1_000) / ms <= most;
    const hasRoom = (busyMsOfMachine() - busyBefore) / ms / cores <= MOST_ELSE;
    const waited = performance.now() - begun;
    if ((isDone && hasRoom) || waited > LONGEST_WAIT_MS) return;
  }
}

async function holdEach(setup: Setup): Promise<void> {
  const { controllers, endpoints } = sides[setup];
  const redis = new Redis(stack.redis.url);
  try {
    for (const begun = performance.now(); performance.now() - begun < LONGEST_WAIT_MS;) {
      const holders = await Promise.all(endpoints.map((endpoint) => redis.get(leaseKey(endpoint))));
      if (controllers.every((pid) => holders.some((id) => id?.includes(`-${pid}-`) === true))) return;
      await sleep(BEHIND_MS);
    }
    throw new Error('the controllers did not share the nodes out');
  } finally {
    redis.disconnect();
  }
}

/** Calls at `rate` a second through each node, for so many seconds. */
async function measure(setup: Setup, rate: number, duration: number): Promise<Figures> {
  const { nodes, controllers, groups } = sides[setup];
  const each = rate * duration;
  const names = [
    ...controllers.map((_, n) => `${CONTROLLER} ${n + 1}`),
    'Redis',
    ...nodes.map((_, n) => `node ${n + 1}`),
  ];
  const pids = [...controllers, redisPid, ...nodes.map(({ pid }) => pid)];
  const [before, begun] = [useOf(setup), performance.now()];
  const [cpuBefore, busyBefore] = [pids.map(cpuMsOf), busyMsOfMachine()];
  const periodsBefore = groups.map(({ periods }) => periods.throttled);
  const whileTheyComeIn = sleep(duration * 1_000).then(() => {
    const ms = performance.now() - begun;
    const shares = pids.map((pid, index) => (cpuMsOf(pid) - (cpuBefore[index] ?? 0)) / ms);
    return {
      shares: Object.fromEntries(names.map((name, index) => [name, shares[index] ?? 0])),
      machine: (busyMsOfMachine() - busyBefore) / ms / cores,
      throttled: Math.max(
        0,
        ...groups.map(
          ({ periods }, index) => ((periods.throttled - (periodsBefore[index] ?? 0)) * PERIOD_MS) / ms,
        ),
      ),
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

function isSustained(own: readonly Figures[]): boolean {
  return isKept(own) && percentile(setupsOf(own), 0.99) <= mostP99;
}

/** Whether its calls came about, however late. */
function isKept(own: readonly Figures[]): boolean {
  const of = (part: 'failed' | 'calls'): number => own.reduce((sum, each) => sum + each[part], 0);
  return own.length > 0 && of('failed') <= of('calls') * MOST_FAILED;
}

function setupsOf(own: readonly Figures[]): readonly number[] {
  return own.flatMap(({ setups }) => setups);
}

function shareOf(text: string): number {
  const number = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= LEAST_SHARE && number <= 1) return number;
  throw new BadOptionError(`--share must be a part of a core, from ${LEAST_SHARE} to 1`);
}

/** What came of each rate that was tried. */
function printRates(): void {
  const tried = [...new Set(figures.map(({ rate }) => rate))].sort((one, other) => one - other);
  const rows = tried.flatMap((rate) =>
    NAMES.filter((setup) => at(setup, rate).length > 0).map((setup) => {
      const own = at(setup, rate);
      const setups = setupsOf(own);
      return [
        `${setup} of each`,
        String(rate * SETUPS[setup]),
        medianOf(own, ({ reached }) => reached).toFixed(0),
        String(own.reduce((sum, { failed }) => sum + failed, 0)),
        percentile(setups, 0.5).toFixed(1),
        percentile(setups, 0.99).toFixed(1),
        medianOf(own, ({ cpu }) => cpu.controllers).toFixed(2),
        medianOf(own, ({ cpu }) => cpu.redis).toFixed(2),
        medianOf(own, ({ cpu }) => cpu.nodes).toFixed(2),
        percent(medianOf(own, ({ machine }) => machine)),
        percent(medianOf(own, (each) => oursOf(each, cores))),
        ...(share === null ? [] : [percent(medianOf(own, ({ throttled }) => throttled))]),
      ];
    }),
  );
  const head = ['set-up', 'calls/s', 'reached', 'failed', 'p50 ms', 'p99 ms'];
  const costs = ['controllers ms', 'Redis ms', 'nodes ms', 'machine busy', 'with these'];
  const heldBack = share === null ? [] : ['held back'];
  process.stdout.write(
    `${table([[...head, ...costs, ...heldBack], ...rows])}\np50, p99: from a call's coming in until B's phone was told; controllers, ` +
      `Redis, nodes: ms of CPU a call, without what they cost at rest; ${cores} cores carry everything\n`,
  );
}

/** Without a share: how far each set-up came. */
function printHighest(): void {
  const highest = { one: sustainedBy('one'), two: sustainedBy('two') };
  for (const setup of NAMES) {
    const limit = metAt.get(setup);
    const why = limit === undefined ? 'no limit was met' : limitOf(at(setup, limit), { cores, share });
    process.stdout.write(`${setup} of each: ${highest[setup]} calls a second sustained. Limit: ${why}\n`);
  }
  const busy = 2 * SETUPS.two + 1;
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

/** With a share: what each search found, and whether it was the share that it came to. */
function printFound(each: number): void {
  process.stdout.write(`held back: of the time, the controller that was most, having used up its share\n`);
  const totals = (setup: Setup, part: 'highest' | 'limit'): readonly number[] =>
    found.filter((one) => one.setup === setup).map((one) => one[part] * SETUPS[setup]);
  for (const setup of NAMES) {
    const limits = [...new Set(found.filter((one) => one.setup === setup).map(({ limit }) => limit))];
    const missed = limits.flatMap((rate) => at(setup, rate)).filter((one) => !isSustained([one]));
    const free = missed.filter((one) => !isMachineFull([one]));
    const atLimit = free.length > 0 ? free : missed;
    const why = atLimit.length === 0 ? 'no limit was met' : limitOf(atLimit, { cores, share: each });
    process.stdout.write(
      `${setup} of each, ${each} of a core for each controller: ${percentile(totals(setup, 'highest'), 0.5)} calls a ` +
        `second sustained (each round: ${totals(setup, 'highest').join(', ')}; ` +
        `not ${totals(setup, 'limit').join(', ')}). Limit: ${why}\n`,
    );
    if (atLimit.length > 0 && free.length === 0) {
      process.stdout.write(
        'THE MACHINE WAS THE LIMIT, so this tells nothing of the software: try a smaller share\n',
      );
    }
  }
  const ones = totals('one', 'highest');
  const ratios = totals('two', 'highest').map((two, round) => two / (ones[round] ?? Number.NaN));
  const isKnown = found.every(({ highest, limit }) => highest > 0 && limit < Infinity);
  process.stdout.write(
    isKnown
      ? `times that two sustain what one does: ${percentile(ratios, 0.5).toFixed(2)} ` +
          `(each round: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})\n`
      : 'times that two sustain what one does: unknown, try other rates\n',
  );
}

/** Highest rate of all nodes together up to which every one was sustained. */
function sustainedBy(setup: Setup): number {
  const own = rates.filter((rate) => rate < (metAt.get(setup) ?? Infinity) && isSustained(at(setup, rate)));
  return Math.max(0, ...own) * SETUPS[setup];
}

/** At the rates at which both kept their calls: what the software adds to a call when everything is there twice. */
function compareCosts(): void {
  const both = rates.filter((rate) => NAMES.every((setup) => isKept(at(setup, rate))));
  if (both.length === 0) {
    process.stdout.write('at no rate did both keep their calls: their costs cannot be compared\n');
    return;
  }
  const cost = (setup: Setup, part: keyof Use): number =>
    percentile(
      both.map((rate) => medianOf(at(setup, rate), ({ cpu }) => cpu[part])),
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
