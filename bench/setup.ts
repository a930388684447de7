/**
 * From A's INVITE to B's INVITE, through our dialplan and controller and through a bare bridge, in
 * turns on one FreeSWITCH. Prints p50 and p99 of both and what ours adds; writes JSON beside it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeswitchBinary } from '../test/e2e/helpers/real-freeswitch.js';
import { Rig, type Route } from './lib/rig.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5' },
    calls: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '6' },
    output: { type: 'string', default: 'var/bench/setup.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:setup -- [--rate 5] [--calls 300] [--rounds 6] [--output var/bench/setup.json]\n' +
      'rate: calls in 1037 ms; calls: of each route, over all rounds. Needs FREESWITCH_BIN, sipp, redis-server.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('bench:setup needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const rate = Number(values.rate);
const rounds = Number(values.rounds);
const perRound = Math.ceil(Number(values.calls) / rounds);
const delays: Record<Route, number[]> = { bare: [], masked: [] };
let failed = 0;

const rig = await Rig.start();
try {
  process.stderr.write(`preparing ${perRound * rounds} sessions\n`);
  await rig.createSessions(perRound * rounds + 20);
  // The first calls load code and open connections; they are not what a call costs.
  for (const route of ['bare', 'masked'] as const) {
    await (
      await rig.place(route, `warm-${route}`, { from: perRound * rounds, count: 20, rate: 10, holdMs: 100 })
    ).exited;
  }
  for (let round = 0; round < rounds; round += 1) {
    const order: Route[] = round % 2 === 0 ? ['bare', 'masked'] : ['masked', 'bare'];
    for (const route of order) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${route}\n`);
      const calls = { from: round * perRound, count: perRound, rate, holdMs: 300 };
      const caller = await rig.place(route, `round-${round}-${route}`, calls);
      await caller.exited;
      // SIPp writes its log in blocks.
      await sleep(1000);
      const sent = instants(await caller.log(), 'sent', /^From: <sip:\+4477(\d+)@/m);
      const seen = instants(await rig.phones.log(), 'received', /^INVITE sip:\+4916(\d+)@/m);
      for (const [n, [at]] of sent) {
        if (at === undefined) continue;
        const arrived = seen.get(n)?.find((instant) => instant >= at && instant < at + 5000);
        if (arrived === undefined) failed += 1;
        else delays[route].push(arrived - at);
      }
    }
  }
} finally {
  await rig.close();
}

const row = (name: string, values: readonly number[]): string[] => [
  name,
  String(values.length),
  percentile(values, 0.5).toFixed(2),
  percentile(values, 0.99).toFixed(2),
];
const difference = (p: number): number => percentile(delays.masked, p) - percentile(delays.bare, p);
process.stdout.write(
  `${table([
    ['A INVITE to B INVITE, ms', 'calls', 'p50', 'p99'],
    row('bare bridge', delays.bare),
    row('maskline', delays.masked),
    ['difference', '', difference(0.5).toFixed(2), difference(0.99).toFixed(2)],
  ])}\ncalls that never reached B: ${failed}; ${rate} calls in 1037 ms; ${cpus().length} cores\n`,
);
await mkdir(new URL('../var/bench/', import.meta.url), { recursive: true });
await writeFile(values.output, `${JSON.stringify({ rate, failed, delays }, null, 1)}\n`);
process.exitCode = failed > 0 ? 1 : 0;

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
