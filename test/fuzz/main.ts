/**
 * Throws random and mutated input at everything that takes any: `npm run fuzz`. Each target says what it sent,
 * what it looked at, and what must not have happened but did. Exit code 1 when anything did.
 */
import { parseArgs } from 'node:util';
import { table } from '../../bench/lib/statistics.js';
import { freeswitchBinary } from '../e2e/helpers/real-freeswitch.js';
import { fuzzEventSocket } from './event-socket.js';
import { fuzzHttp } from './http.js';
import { fuzzSip } from './sip.js';
import type { FuzzOptions, FuzzResult } from './target.js';

const TARGETS: Readonly<Record<string, (options: FuzzOptions) => Promise<FuzzResult>>> = {
  'event-socket': fuzzEventSocket,
  http: fuzzHttp,
  sip: fuzzSip,
};

const HELP = `npm run fuzz -- [--target ${Object.keys(TARGETS).join('|')}|all] [--count 100000] [--seed N]

  event-socket  broken streams at our Event Socket client, and at the question port
  http          random and mutated requests at the API of a running controller
  sip           random and mutated SIP messages at both profiles of a real FreeSWITCH (FREESWITCH_BIN)

count: of each target. seed: the same one sends the same (default: by the clock). Needs redis-server.
`;

function fail(message: string): never {
  process.stderr.write(`fuzz: ${message}\n\n${HELP}`);
  process.exit(2);
}

const { values } = (() => {
  try {
    return parseArgs({
      options: {
        target: { type: 'string', default: 'all' },
        count: { type: 'string', default: '100000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
})();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const names = values.target === 'all' ? Object.keys(TARGETS) : [values.target];
for (const name of names) if (TARGETS[name] === undefined) fail(`there is no target ${name}`);
const [count, seed] = [values.count, values.seed].map(Number) as [number, number];
if (!Number.isInteger(count) || count < 1) fail('count is a number of messages');
if (!Number.isInteger(seed)) fail('seed is a whole number');
if (names.includes('sip') && freeswitchBinary() === null) {
  fail('sip needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN, or choose another --target');
}

const results: FuzzResult[] = [];
for (const name of names) {
  process.stderr.write(`${name}: seed ${seed}\n`);
  const progress = (done: number): void => void process.stderr.write(`\r${name}: ${done} of ${count} `);
  const result = await TARGETS[name]?.({ count, seed, progress });
  process.stderr.write('\n');
  if (result !== undefined) results.push(result);
}
const rows = results.map(({ target, sent, elapsedMs, checked, findings }) => [
  target,
  String(sent),
  (elapsedMs / 1000).toFixed(0),
  Object.entries(checked)
    .map(([what, times]) => `${times} ${what}`)
    .join(', '),
  String(findings.length),
]);
process.stdout.write(`${table([['target', 'sent', 's', 'seen', 'findings'], ...rows])}\n`);
for (const { target, findings } of results) {
  for (const finding of findings) process.stdout.write(`${target}: ${finding}\n`);
}
process.exitCode = results.every(({ findings }) => findings.length === 0) ? 0 : 1;
