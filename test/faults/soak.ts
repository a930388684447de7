/**
 * A steady load for a long time: registered callers and callers with a PIN, some recorded, callbacks for all. Takes
 * the size of every program each 15 seconds, fits a line through it, and fails on growth or on anything that is left.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../../bench/lib/statistics.js';
import { freeswitchBinary } from '../e2e/helpers/real-freeswitch.js';
import { audit } from './lib/audit.js';
import { createLanes } from './lib/lanes.js';
import { Load } from './lib/load.js';
import { Sampler, type Measure, type Sample } from './lib/samples.js';
import { floors, trendOf } from './lib/slope.js';
import { System, TRUNK } from './lib/system.js';
import { faultsOfRecords, totalsOf } from './lib/verdict.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '5' },
    controllers: { type: 'string', default: '2' },
    'warm-up': { type: 'string', default: '10' },
    seed: { type: 'string', default: 'soak' },
    output: { type: 'string', default: 'var/faults/soak.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run test:soak -- [--minutes 60] [--rate 5] [--controllers 2] [--warm-up 10] [--seed soak]\n' +
      '                    [--output var/faults/soak.json]\n' +
      'rate: calls a second; warm-up: minutes that the fitted lines leave out. A third of the callers key a PIN, three in\n' +
      'ten calls are recorded, every session has callbacks. Needs FREESWITCH_BIN and redis-server.\n',
  );
  process.exit(0);
}
if (freeswitchBinary() === null) {
  process.stderr.write('test:soak needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const minutes = Number(values.minutes);
const rate = Number(values.rate);
const warmUp = Math.min(Number(values['warm-up']), minutes / 2);
/** Between two samples. */
const SAMPLE_MS = 15_000;
/** Growth in an hour that is taken for none: memory in MiB, files in pieces. Redis is judged by the call. */
const BOUNDS: Partial<Record<Measure, number>> = {
  freeswitchMiB: 20,
  controllersMiB: 40,
  freeswitchFiles: 5,
  controllersFiles: 10,
  channels: 10,
  queued: 10,
};
/** Redis keeps every call's record: KiB that one may take, its callbacks and list entries included. */
const REDIS_PER_CALL = 24;

/** The API tells of a session's newest 100 calls; each must be told of when the run is over. */
const CALLS_PER_LANE = 80;
/** Memory goes up and down with the calls: what is fitted is the least of each so many minutes. */
const FLOOR_MINUTES = 5;

const samples: Sample[] = [];
const system = await System.start({ controllers: values.controllers === '1' ? 1 : 2 });
const sampler = new Sampler(system);
let failures: string[] = [];
try {
  const lanes = await createLanes({
    count: Math.max(Math.ceil(rate * 30), Math.ceil((minutes * 60 * rate) / CALLS_PER_LANE)),
    pinShare: 0.33,
    recordShare: 0.3,
    callbackUrl: `http://127.0.0.1:${system.links.callbacks.port}/hook`,
    promptUrl: system.audio.url('pin-prompt'),
    trunk: TRUNK,
    expiry: Math.min(86_400, Math.ceil(minutes * 60 + 1_800)),
    api: (method, path, body) => system.api(method, path, body),
  });
  system.carrier.serve(lanes);
  await sleep(2_000);
  const load = new Load(system.carrier, lanes, {
    rate,
    seed: values.seed,
    talkMs: [4_000, 8_000],
    sipPort: system.freeswitch.sipPort,
  });
  load.start();
  const begun = Date.now();
  while (Date.now() - begun < minutes * 60_000) {
    await sleep(SAMPLE_MS);
    samples.push(await sampler.take());
    if (samples.length % 20 === 0) process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`);
    await save();
  }
  load.stop();
  const result = await audit(system, lanes, sampler, { graceMs: 90_000 });
  const totals = totalsOf(result.calls);
  failures = [...growth(), ...faultsOfRecords(result)];
  if (totals.kept < totals.up) failures.push(`${totals.up - totals.kept} calls were not kept`);
  if (redisPerCall() > REDIS_PER_CALL) {
    failures.push(`Redis takes ${redisPerCall().toFixed(1)} KiB a call, more than ${REDIS_PER_CALL}`);
  }
  report();
  process.stdout.write(
    `${totals.up} calls in ${minutes} minutes, ${totals.kept} kept; interactions: ${totals.expected} expected, ${totals.written} ` +
      `written; callbacks: ${totals.callbacksExpected} expected, ${totals.callbacksDelivered} delivered; wrong connections: ` +
      `${result.wrong}; left: ${result.channels} channels, ${result.live} live interactions, ${result.stuckSessions} sessions in ` +
      `progress; not placed: ${load.short}\n`,
  );
  await save({ ...result, calls: undefined, totals, failures });
} finally {
  sampler.close();
  await system.close();
}
for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

function settled(): Sample[] {
  return samples.filter(({ minute }) => minute >= warmUp);
}

function growth(): string[] {
  const points = settled();
  return (Object.entries(BOUNDS) as [Measure, number][]).flatMap(([measure, bound]) => {
    const { slope } = trendOf(
      floors(
        points.map((sample) => [sample.minute, sample[measure]]),
        FLOOR_MINUTES,
      ),
    );
    return slope > bound
      ? [`${measure} grows by ${slope.toFixed(1)} an hour, more than ${bound} is growth`]
      : [];
  });
}

/** KiB of Redis' memory for each call of the measured time. */
function redisPerCall(): number {
  const points = settled();
  const { slope } = trendOf(points.map((sample) => [sample.minute, sample.redisMiB]));
  return (slope * 1_024) / (rate * 3_600);
}

function report(): void {
  const points = settled();
  const measures = Object.keys(points[0] ?? {}).filter((name) => name !== 'minute') as Measure[];
  const rows = measures.map((measure) => {
    const all = points.map((sample) => sample[measure]);
    const { from, to, slope } = trendOf(
      floors(
        points.map((sample) => [sample.minute, sample[measure]]),
        FLOOR_MINUTES,
      ),
    );
    const bound = BOUNDS[measure];
    return [
      measure,
      from.toFixed(1),
      to.toFixed(1),
      Math.max(...all).toFixed(1),
      slope.toFixed(2),
      bound === undefined ? '' : String(bound),
    ];
  });
  process.stdout.write(
    `${table([['measured', 'floor from', 'floor to', 'most', 'an hour', 'bound'], ...rows])}\n` +
      `after ${warmUp} minutes of warm-up, a sample each ${SAMPLE_MS / 1000} s, the least of each ${FLOOR_MINUTES} minutes; Redis takes ${redisPerCall().toFixed(1)} KiB a call ` +
      `(bound ${REDIS_PER_CALL})\n`,
  );
}

async function save(result?: unknown): Promise<void> {
  await mkdir(dirname(values.output), { recursive: true });
  await writeFile(values.output, `${JSON.stringify({ minutes, rate, samples, result }, null, 1)}\n`);
}
