/**
 * Creates and gets of sessions over the API, and a bare Fastify route with one Redis write, in turns, with growing
 * numbers of active sessions. Prints rates, latencies and what a request costs; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiRig, type Spent } from './lib/api-rig.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000,100000,1000000' },
    numbers: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '6' },
    clients: { type: 'string', default: '16' },
    compiled: { type: 'boolean', default: false },
    profile: { type: 'string', default: '' },
    output: { type: 'string', default: 'var/bench/api.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:api -- [--sessions 1000,100000,1000000] [--numbers 1000] [--requests 500] [--rounds 6]\n' +
      '                    [--clients 16] [--compiled] [--profile FOLDER] [--output var/bench/api.json]\n' +
      'sessions: active ones when a level begins, ascending; requests: of each kind in a round; clients: requests\n' +
      'under way at once; compiled: the controller as `npm run build` left it, rather than from its sources; profile: a\n' +
      'folder for a CPU profile of the controller. Needs redis-server, and about 3 GiB of memory for a million sessions.\n',
  );
  process.exit(0);
}

const KINDS = ['bare', 'create', 'get'] as const;
type Kind = (typeof KINDS)[number];

interface Measured {
  /** Requests answered in a second, one value a round. */
  readonly rates: number[];
  /** Milliseconds, one value a request. */
  readonly latencies: number[];
  /** What a request has cost, one value a round; CPU in microseconds. */
  readonly costs: Spent[];
}

const HEADINGS = [
  ...['request', 'sessions', 'per second', 'p50 ms', 'p99 ms', 'times the bare'],
  ...['Node, µs', 'Redis, µs', 'scripts', 'commands', 'bytes/session'],
];

const levels = values.sessions.split(',').map(Number);
const requests = Number(values.requests);
const rounds = Number(values.rounds);
const clients = Number(values.clients);
const results: {
  readonly sessions: number;
  readonly bytesPerSession: number;
  readonly measured: Readonly<Record<Kind, Measured>>;
}[] = [];

const rig = await ApiRig.start({
  ...{ numbers: Number(values.numbers), connections: clients },
  ...{ profile: values.profile, compiled: values.compiled },
});
try {
  const empty = await rig.memory();
  for (const sessions of levels) {
    const from = rig.sessions;
    const begun = performance.now();
    await rig.fill(sessions, (count) => {
      const rate = (count - from) / ((performance.now() - begun) / 1_000);
      process.stderr.write(`${count} of ${sessions} sessions, ${rate.toFixed(0)} a second\n`);
    });
    const held = rig.sessions;
    const bytesPerSession = ((await rig.memory()) - empty) / held;
    for (const kind of KINDS) await run(kind, 200);
    const measured: Record<Kind, Measured> = {
      bare: { rates: [], latencies: [], costs: [] },
      create: { rates: [], latencies: [], costs: [] },
      get: { rates: [], latencies: [], costs: [] },
    };
    for (let round = 0; round < rounds; round += 1) {
      process.stderr.write(`${sessions} sessions: round ${round + 1} of ${rounds}\n`);
      for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
        const { rate, latencies, cost } = await run(kind, requests);
        measured[kind].rates.push(rate);
        measured[kind].latencies.push(...latencies);
        measured[kind].costs.push(cost);
      }
    }
    results.push({ sessions: held, bytesPerSession, measured });
    // After each level: the next one may take an hour on a slow machine.
    await save();
  }
} finally {
  await rig.close();
}

const rows = results.flatMap(({ sessions, bytesPerSession, measured }) =>
  KINDS.map((kind) => {
    const { rates, latencies, costs } = measured[kind];
    // The least: a machine that does other things besides only ever adds to it.
    const least = (of: keyof Spent): number => Math.min(...costs.map((cost) => cost[of]));
    return [
      kind === 'bare' ? 'bare route' : kind,
      String(sessions),
      percentile(rates, 0.5).toFixed(0),
      percentile(latencies, 0.5).toFixed(2),
      percentile(latencies, 0.99).toFixed(2),
      (percentile(measured.bare.rates, 0.5) / percentile(rates, 0.5)).toFixed(2),
      ...[least('node').toFixed(0), least('redis').toFixed(0)],
      ...[least('scripts').toFixed(1), least('commands').toFixed(1)],
      kind === 'create' ? bytesPerSession.toFixed(0) : '',
    ];
  }),
);
process.stdout.write(
  `${table([HEADINGS, ...rows])}\n` +
    `${clients} requests under way at once; ${requests} of a kind in each of ${rounds} rounds; Redis writes with ` +
    `appendfsync always; ${cpus().length} cores\nCPU, scripts and commands: of one request, the least of the rounds\n`,
);
/** `count` requests of a kind, `clients` at once, each client with the next as soon as one is answered. */
async function run(kind: Kind, count: number): Promise<{ rate: number; latencies: number[]; cost: Spent }> {
  const latencies: number[] = [];
  let left = count;
  const before = await rig.spent();
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        latencies.push(await rig.request(kind));
      }
    }),
  );
  const rate = count / ((performance.now() - begun) / 1_000);
  const after = await rig.spent();
  const cost = {
    node: ((after.node - before.node) * 1_000) / count,
    redis: ((after.redis - before.redis) * 1_000) / count,
    scripts: (after.scripts - before.scripts) / count,
    commands: (after.commands - before.commands) / count,
  };
  return { rate, latencies, cost };
}

async function save(): Promise<void> {
  await mkdir(dirname(values.output), { recursive: true });
  await writeFile(values.output, `${JSON.stringify({ requests, rounds, clients, results }, null, 1)}\n`);
}
