/**
 * A steady load for a long time: registered callers and callers with a PIN, some recorded, callbacks for all. Each five
 * minutes the load rests until no call is up, and every program's size is taken: what grows from rest to rest is not
 * given back. Fails on growth, on calls that were not kept, and on anything that is left.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { table } from '../../bench/lib/statistics.js';
import { freeswitchBinary } from '../e2e/helpers/real-freeswitch.js';
import { audit } from './lib/audit.js';
import { createLanes } from './lib/lanes.js';
import { Load } from './lib/load.js';
import { Sampler, type Measure, type Sample } from './lib/samples.js';
import { trendOf } from './lib/slope.js';
import { storyOf } from './lib/story.js';
import { System, TRUNK } from './lib/system.js';
import { fateOf, faultsOfRecords, totalsOf } from './lib/verdict.js';

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
      'rate: calls a second; warm-up: minutes at one and a half times the rate, which the fitted lines leave out. A third of\n' +
      'the callers key a PIN, three in ten calls are recorded, every session has callbacks. Needs FREESWITCH_BIN and\n' +
      'redis-server.\n',
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
/** Between two samples under load. */
const SAMPLE_MS = 15_000;
/** Between two rests, and what follows the end of the last call: its records are being written. */
const LOAD_MS = 300_000;
const REST_MS = 5_000;
/** Longest that a rest waits for the last call. */
const LAST_CALL_MS = 60_000;
/**
 * The load while it warms up, as a multiple: programs keep the memory of the most calls that they ever had at once, and
 * a later moment with more than the warm-up had would look like growth.
 */
const WARM_UP_LOAD = 1.5;
/** Growth in an hour, from rest to rest, that is taken for none: memory in MiB, files in pieces. Redis is judged by the call. */
const BOUNDS: Partial<Record<Measure, number>> = {
  freeswitchMiB: 20,
  controllersMiB: 40,
  freeswitchFiles: 5,
  controllersFiles: 10,
  channels: 1,
  queued: 1,
};
/** Redis keeps every call's record: KiB that one may take, its callbacks and list entries included. */
const REDIS_PER_CALL = 24;

/** The API tells of a session's newest 100 calls; each must be told of when the run is over. */
const CALLS_PER_LANE = 80;

const samples: Sample[] = [];
/** While nobody calls, with how many calls there had been. */
const rests: (Sample & { readonly placed: number })[] = [];
const system = await System.start({ controllers: values.controllers === '1' ? 1 : 2 });
const sampler = new Sampler(system);
let failures: string[] = [];
try {
  const lanes = await createLanes({
    count: Math.max(Math.ceil(rate * WARM_UP_LOAD * 30), Math.ceil((minutes * 60 * rate) / CALLS_PER_LANE)),
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
  const begun = Date.now();
  while (Date.now() - begun < minutes * 60_000) {
    load.start((Date.now() - begun) / 60_000 < warmUp ? rate * WARM_UP_LOAD : rate);
    const until = Math.min(Date.now() + LOAD_MS, begun + minutes * 60_000);
    while (Date.now() < until) {
      await sleep(Math.min(SAMPLE_MS, Math.max(1, until - Date.now())));
      samples.push(await sampler.take());
    }
    load.stop();
    rests.push({ ...(await rest()), placed: load.placed });
    process.stderr.write(`${JSON.stringify(rests.at(-1))}\n`);
    await save();
  }
  const result = await audit(system, lanes, sampler, { graceMs: 90_000 });
  const totals = totalsOf(result.calls);
  failures = [...growth(), ...faultsOfRecords(result)];
  if (totals.kept < totals.up) failures.push(`${totals.up - totals.kept} calls were not kept`);
  if (redisPerCall() > REDIS_PER_CALL) {
    failures.push(`Redis takes ${redisPerCall().toFixed(1)} KiB a call, more than ${REDIS_PER_CALL}`);
  }
  const standstills = system.carrier.voices.standstills;
  report();
  process.stdout.write(
    `${totals.up} calls in ${minutes} minutes, ${totals.kept} kept; interactions: ${totals.expected} expected, ${totals.written} ` +
      `written; callbacks: ${totals.callbacksExpected} expected, ${totals.callbacksDelivered} delivered; wrong connections: ` +
      `${result.wrong}; left: ${result.channels} channels, ${result.live} live interactions, ${result.stuckSessions} sessions in ` +
      `progress; not placed: ${load.short}; the phones stood still ${standstills.length} times, ` +
      `${Math.max(0, ...standstills)} ms at most\n`,
  );
  const stories = result.calls
    .filter(({ call }) => fateOf(call) !== 'kept')
    .map((each) => storyOf(each, 'soak', begun));
  await save({ ...result, calls: undefined, totals, failures, stories });
  if (failures.length > 0) await system.keepLogs(join(dirname(values.output), 'logs/soak'));
} finally {
  sampler.close();
  await system.close();
}
for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

/** What is left once the last call has ended. */
async function rest(): Promise<Sample> {
  const deadline = Date.now() + LAST_CALL_MS;
  while (system.carrier.open.length > 0 && Date.now() < deadline) await sleep(100);
  await sleep(REST_MS);
  return sampler.take();
}

function settled<Taken extends Sample>(taken: readonly Taken[]): readonly Taken[] {
  return taken.filter(({ minute }) => minute >= warmUp);
}

function growth(): string[] {
  const points = settled(rests);
  return (Object.entries(BOUNDS) as [Measure, number][]).flatMap(([measure, bound]) => {
    const { slope } = trendOf(points.map((sample) => [sample.minute, sample[measure]]));
    return slope > bound
      ? [`${measure} grows by ${slope.toFixed(1)} an hour, more than ${bound} is growth`]
      : [];
  });
}

/** KiB of Redis' memory for each call of the measured time. */
function redisPerCall(): number {
  const points = settled(rests);
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || first === last) return 0;
  return ((last.redisMiB - first.redisMiB) * 1_024) / (last.placed - first.placed);
}

function report(): void {
  const points = settled(rests);
  const measures = Object.keys(samples[0] ?? {}).filter((name) => name !== 'minute') as Measure[];
  const rows = measures.map((measure) => {
    const all = settled(samples).map((sample) => sample[measure]);
    const { from, to, slope } = trendOf(points.map((sample) => [sample.minute, sample[measure]]));
    const bound = BOUNDS[measure];
    return [
      measure,
      from.toFixed(1),
      to.toFixed(1),
      slope.toFixed(2),
      bound === undefined ? '' : String(bound),
      Math.max(...all).toFixed(1),
    ];
  });
  process.stdout.write(
    `${table([['measured', 'at rest, from', 'to', 'an hour', 'bound', 'most under load'], ...rows])}\n` +
      `after ${warmUp} minutes of warm-up, a line through ${points.length} rests; Redis takes ${redisPerCall().toFixed(1)} KiB a call ` +
      `(bound ${REDIS_PER_CALL})\n`,
  );
}

async function save(result?: unknown): Promise<void> {
  await mkdir(dirname(values.output), { recursive: true });
  await writeFile(values.output, `${JSON.stringify({ minutes, rate, samples, rests, result }, null, 1)}\n`);
}
