/**
 * FreeSWITCH's memory with many calls held at once, through a bare bridge and through ours, each on a
 * FreeSWITCH of its own, in turns. Prints KiB per call of both and the difference; writes JSON.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freeswitchBinary } from '../test/e2e/helpers/real-freeswitch.js';
import { Rig, type Route } from './lib/rig.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '500' },
    rate: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '2' },
    output: { type: 'string', default: 'var/bench/hold.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:hold -- [--calls 500] [--rate 20] [--rounds 2] [--output var/bench/hold.json]\n' +
      'calls: held at once; rate: calls in 1037 ms. Needs FREESWITCH_BIN, sipp, redis-server.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('bench:hold needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const calls = Number(values.calls);
const rate = Number(values.rate);
/** Time to set all calls up, and to see that memory has settled. */
const rampMs = (calls / rate) * 1037;
const holdMs = Math.ceil(rampMs + 40_000);
const perCall: Record<Route, number[]> = { bare: [], masked: [] };

for (let round = 0; round < Number(values.rounds); round += 1) {
  const order: Route[] = round % 2 === 0 ? ['bare', 'masked'] : ['masked', 'bare'];
  for (const route of order) perCall[route].push(await measure(route, round));
}

const kib = (route: Route): number => percentile(perCall[route], 0.5);
process.stdout.write(
  `${table([
    ['FreeSWITCH memory per held call, KiB', 'rounds', 'median', 'all'],
    ...(['bare', 'masked'] as const).map((route) => [
      route === 'bare' ? 'bare bridge' : 'maskline',
      String(perCall[route].length),
      kib(route).toFixed(0),
      perCall[route].map((value) => value.toFixed(0)).join(' '),
    ]),
    ['difference', '', (kib('masked') - kib('bare')).toFixed(0), ''],
  ])}\n${calls} calls held at once; resident memory, before and after\n`,
);
await mkdir(new URL('../var/bench/', import.meta.url), { recursive: true });
await writeFile(values.output, `${JSON.stringify({ calls, rate, perCall }, null, 1)}\n`);

/** KiB that each held call added to a FreeSWITCH that has just started and seen a few calls. */
async function measure(route: Route, round: number): Promise<number> {
  const rig = await Rig.start();
  try {
    await rig.createSessions(calls + 20);
    const warm = await rig.place(route, 'warm', { from: calls, count: 20, rate: 10, holdMs: 100 });
    await warm.exited;
    await sleep(1500);
    const before = await rig.freeswitchMemory();
    process.stderr.write(`round ${round + 1}, ${route}: ${before} KiB before the calls\n`);
    const caller = await rig.place(route, 'hold', { from: 0, count: calls, rate, holdMs });
    await sleep(rampMs + 3000);
    // A machine that is busy with so many calls' media sets the last ones up late.
    let held = 0;
    for (let waited = 0; waited < 30_000 && held < calls; waited += 1000) {
      await sleep(1000);
      held = (await rig.channels()) / 2;
    }
    if (held < calls * 0.99) throw new Error(`${held} calls are up, wanted ${calls}`);
    const during = await rig.freeswitchMemory();
    process.stderr.write(`round ${round + 1}, ${route}: ${during} KiB with ${held} calls\n`);
    await caller.stop();
    return (during - before) / held;
  } finally {
    await rig.close();
  }
}
