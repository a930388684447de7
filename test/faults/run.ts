/**
 * Breaks one thing after the other under a steady load, each on a system of its own, and compares what the phones
 * saw with what was written and told. Prints a table for each fault; exit code 1 when anything is worse than the fault excuses.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { freeswitchBinary } from '../e2e/helpers/real-freeswitch.js';
import { FAULTS } from './lib/faults.js';
import { inject, type FaultResult } from './lib/inject.js';
import { printed, summary } from './lib/report.js';

const { values } = parseArgs({
  options: {
    fault: { type: 'string', multiple: true, default: [] },
    rate: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '14' },
    grace: { type: 'string', default: '75' },
    seed: { type: 'string', default: 'faults' },
    output: { type: 'string', default: 'var/faults/faults.json' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run test:faults -- [--fault NAME]... [--rate 10] [--seconds 14] [--grace 75] [--seed faults]\n' +
      '                      [--output var/faults/faults.json] [--list]\n' +
      'rate: calls a second; seconds: of load before the fault, and again after its repair; grace: seconds that records\n' +
      'and callbacks may take once the calls are over. Needs FREESWITCH_BIN, redis-server, and root for the full disks.\n',
  );
  process.exit(0);
}
if (values.list) {
  for (const { name, what, allows } of FAULTS) process.stdout.write(`${name}\n  ${what}\n  ${allows}\n`);
  process.exit(0);
}
const unknown = values.fault.find((name) => FAULTS.every((fault) => fault.name !== name));
if (unknown !== undefined) {
  process.stderr.write(`there is no fault "${unknown}": --list shows them\n`);
  process.exit(2);
}
if (freeswitchBinary() === null) {
  process.stderr.write('test:faults needs a FreeSWITCH: put one into PATH or set FREESWITCH_BIN.\n');
  process.exit(2);
}

const chosen = FAULTS.filter(({ name }) => values.fault.length === 0 || values.fault.includes(name));
const load = { rate: Number(values.rate), seconds: Number(values.seconds), seed: values.seed };
const results: FaultResult[] = [];
for (const fault of chosen) {
  const result = await inject(fault, {
    ...load,
    graceMs: Number(values.grace) * 1_000,
    logs: join(dirname(values.output), 'logs'),
  });
  results.push(result);
  process.stdout.write(`${printed(fault, result)}\n\n`);
  await mkdir(dirname(values.output), { recursive: true });
  await writeFile(values.output, `${JSON.stringify({ ...load, results }, null, 1)}\n`);
}
process.stdout.write(`${summary(results)}\n`);
process.exitCode = results.some(({ failures }) => failures.length > 0) ? 1 : 0;
