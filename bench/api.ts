/**
 * Creates and gets of sessions over the API, and a bare Fastify route with one Redis write, in turns in one
 * process, with growing numbers of active sessions. Prints rates and latencies; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiRig } from './lib/api-rig.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000,100000,1000000' },
    numbers: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '6' },
    clients: { type: 'string', default: '16' },
    output: { type: 'string', default: 'var/bench/api.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:api -- [--sessions 1000,100000,1000000] [--numbers 1000] [--requests 500] [--rounds 6]\n' +
      '                    [--clients 16] [--output var/bench/api.json]\n' +
      'sessions: active ones when a level begins, ascending; requests: of each kind in a round; clients: requests\n' +
      'under way at once. Needs redis-server, and about 3 GiB of memory for a million sessions.\n',
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
}

const levels = values.sessions.split(',').map(Number);
const requests = Number(values.requests);
const rounds = Number(values.rounds);
const clients = Number(values.clients);
const results: {
  readonly sessions: number;
  readonly bytesPerSession: number;
  readonly measured: Readonly<Record<Kind, Measured>>;
}[] = [];

const rig = await ApiRig.start(Number(values.numbers), clients);
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
      bare: { rates: [], latencies: [] },
      create: { rates: [], latencies: [] },
      get: { rates: [], latencies: [] },
    };
    for (let round = 0; round < rounds; round += 1) {
      process.stderr.write(`${sessions} sessions: round ${round + 1} of ${rounds}\n`);
      for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
        const { rate, latencies } = await run(kind, requests);
        measured[kind].rates.push(rate);
        measured[kind].latencies.push(...latencies);
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
    const { rates, latencies } = measured[kind];
    return [
      kind === 'bare' ? 'bare route' : kind,
      String(sessions),
      percentile(rates, 0.5).toFixed(0),
      percentile(latencies, 0.5).toFixed(2),
      percentile(latencies, 0.99).toFixed(2),
      (percentile(measured.bare.rates, 0.5) / percentile(rates, 0.5)).toFixed(2),
      kind === 'create' ? bytesPerSession.toFixed(0) : '',
    ];
  }),
);
process.stdout.write(
  `${table([['request', 'sessions', 'per second', 'p50 ms', 'p99 ms', 'times the bare', 'bytes/session'], ...rows])}\n` +
    `${clients} requests under way at once; ${requests} of a kind in each of ${rounds} rounds; Redis writes with ` +
    `appendfsync always; ${cpus().length} cores\n`,
);
/** `count` requests of a kind, `clients` at once, each client with the next as soon as one is answered. */
async function run(kind: Kind, count: number): Promise<{ rate: number; latencies: number[] }> {
  const latencies: number[] = [];
  let left = count;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        latencies.push(await rig.request(kind));
      }
    }),
  );
  return { rate: count / ((performance.now() - begun) / 1_000), latencies };
}

async function save(): Promise<void> {
  await mkdir(dirname(values.output), { recursive: true });
  await writeFile(values.output, `${JSON.stringify({ requests, rounds, clients, results }, null, 1)}\n`);
}
