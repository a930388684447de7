/**
 * The look-up that every call waits for (who calls, which session, by which rule), of a known caller and of a stranger,
 * beside one GET of the same Redis, in turns, with growing numbers of active sessions. Prints latencies; writes JSON.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';

import { RedisServer } from '../sandbox/redis-server.js';
import { judge } from '../src/masking/resolve.js';
import { e164 } from '../test/helpers/sessions.js';
import { Filled } from './lib/fill.js';
import { openWatched } from './lib/interruption.js';
import { first } from './lib/people.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000,10000,100000,1000000' },
    numbers: { type: 'string', default: '1000' },
    looks: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '6' },
    output: { type: 'string', default: 'var/bench/resolve.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:resolve -- [--sessions 1000,10000,100000,1000000] [--numbers 1000] [--looks 2000] [--rounds 6]\n' +
      '                        [--output var/bench/resolve.json]\n' +
      'sessions: active ones when a level begins, ascending; looks: of each kind in a round, one after the other.\n' +
      'Needs redis-server, and about 3 GiB of memory for a million sessions.\n',
  );
  process.exit(0);
}

const KINDS = ['one GET', 'known caller', 'stranger'] as const;
type Kind = (typeof KINDS)[number];

const levels = values.sessions.split(',').map(Number);
const looks = Number(values.looks);
const rounds = Number(values.rounds);
const results: { readonly sessions: number; readonly latencies: Readonly<Record<Kind, number[]>> }[] = [];

const { filled, bare, close } = await openWatched(async (opened, end) => {
  const redis = await RedisServer.start();
  opened.push(() => redis.stop());
  const one = await Filled.open(redis.url, randomBytes(32).toString('base64'), Number(values.numbers));
  opened.push(() => one.close());
  const client = new Redis(redis.url);
  opened.push(() => client.quit());
  await client.set('bench:bare', 'x'.repeat(500));
  return { filled: one, bare: client, close: end };
});

try {
  for (const sessions of levels) {
    const begun = performance.now();
    const from = filled.sessions;
    await filled.fill(sessions, (count) => {
      const rate = (count - from) / ((performance.now() - begun) / 1_000);
      process.stderr.write(`${count} of ${sessions} sessions, ${rate.toFixed(0)} a second\n`);
    });
    for (const kind of KINDS) await run(kind, 500);
    const latencies: Record<Kind, number[]> = { 'one GET': [], 'known caller': [], stranger: [] };
    for (let round = 0; round < rounds; round += 1) {
      process.stderr.write(`${sessions} sessions: round ${round + 1} of ${rounds}\n`);
      for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
        latencies[kind].push(...(await run(kind, looks)));
      }
    }
    results.push({ sessions, latencies });
    // After each level: the next one may take an hour on a slow machine.
    await mkdir(dirname(values.output), { recursive: true });
    await writeFile(values.output, `${JSON.stringify({ looks, rounds, results }, null, 1)}\n`);
  }
} finally {
  await close();
}

const rows = results.flatMap(({ sessions, latencies }) =>
  KINDS.map((kind) => [
    kind,
    String(sessions),
    percentile(latencies[kind], 0.5).toFixed(3),
    percentile(latencies[kind], 0.99).toFixed(3),
    (percentile(latencies[kind], 0.5) / percentile(latencies['one GET'], 0.5)).toFixed(2),
  ]),
);
process.stdout.write(
  `${table([['look-up', 'sessions', 'p50 ms', 'p99 ms', 'times the GET'], ...rows])}\n` +
    `one after the other; ${looks} of a kind in each of ${rounds} rounds; ${values.numbers} virtual numbers; ` +
    `${cpus().length} cores\n`,
);

/** Milliseconds of each of `count` look-ups. */
async function run(kind: Kind, count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let look = 0; look < count; look += 1) {
    const begun = performance.now();
    if (kind === 'one GET') await bare.get('bench:bare');
    else await lookUp(kind);
    latencies.push(performance.now() - begun);
  }
  return latencies;
}

/** As a call does it: the store's reading and the pure decision. Throws for a decision that is wrong. */
async function lookUp(kind: 'known caller' | 'stranger'): Promise<void> {
  const { n } = filled.sample[Math.floor(Math.random() * filled.sample.length)] ?? { n: 0 };
  const caller = {
    kind: 'number',
    number: e164(kind === 'stranger' ? `+3361${String(n).padStart(8, '0')}` : first(n)),
  } as const;
  const routes = await filled.store.calls.route(filled.numberOf(n), caller, Date.now());
  const { rule } = judge(caller, routes, Date.now());
  if ((rule === 'known-caller') !== (kind === 'known caller'))
    throw new Error(`a ${kind} was decided by ${rule}`);
}
