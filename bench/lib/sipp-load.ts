import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { freeUdpPort } from '../../test/e2e/helpers/sipp.js';

/** Seconds that the last calls of a load may take after the last was placed. */
const PATIENCE_SECONDS = 30;

export interface SippLoad {
  /** Where the scenario and SIPp's statistics go. */
  readonly folder: string;
  readonly scenario: string;
  /** `host:port` of FreeSWITCH. */
  readonly target: string;
  /** Fields of each call, as an injection file has them. */
  readonly rows: readonly string[];
  /** Calls in 1037 ms: out of step with FreeSWITCH's ticks of 20 ms. */
  readonly rate: number;
}

export interface SippResult {
  readonly succeeded: number;
  readonly failed: number;
}

/** Places one call a row at a rate that does not wait for them, without a log of messages; resolves once all are over. */
export async function placeCalls({ folder, scenario, target, rows, rate }: SippLoad): Promise<SippResult> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'scenario.xml'), scenario);
  await writeFile(join(folder, 'calls.csv'), `SEQUENTIAL\n${rows.join('\n')}\n`);
  const seconds = Math.ceil((rows.length / rate) * 1.037) + PATIENCE_SECONDS;
  const child = spawn(
    'sipp',
    [
      target,
      ...[
        '-sf',
        join(folder, 'scenario.xml'),
        '-inf',
        join(folder, 'calls.csv'),
        '-i',
        '127.0.0.1',
        '-mi',
        '127.0.0.1',
      ],
      ...['-p', String(await freeUdpPort()), '-mp', String(await freeUdpPort()), '-nostdin'],
      ...['-m', String(rows.length), '-l', String(rows.length), '-r', String(rate), '-rp', '1037'],
      ...['-trace_stat', '-stf', join(folder, 'statistics.csv'), '-timeout', `${seconds}s`],
      ...['-trace_err', '-error_file', join(folder, 'errors.log')],
    ],
    { cwd: folder, stdio: 'ignore' },
  );
  await once(child, 'exit');
  const succeeded = await lastOf(join(folder, 'statistics.csv'), 'SuccessfulCall(C)');
  // What SIPp gave up at its time-out is in neither column.
  return { succeeded, failed: rows.length - succeeded };
}

/** The last value of a column of SIPp's statistics. */
async function lastOf(file: string, column: string): Promise<number> {
  const lines = (await readFile(file, 'latin1')).trim().split('\n');
  const index = (lines[0] ?? '').split(';').indexOf(column);
  if (index < 0) throw new Error(`SIPp's statistics have no column ${column}`);
  return Number((lines.at(-1) ?? '').split(';')[index]);
}

/** Answers that SIPp did not expect, such as `503 Maximum Calls In Progress`, and how often each came; from its error log. */
export function refusalsIn(errors: string): Map<string, number> {
  const refusals = new Map<string, number>();
  for (const [, answer = ''] of errors.matchAll(/received 'SIP\/2\.0 ([4-6]\d\d[^\r\n']*)/g)) {
    refusals.set(answer, (refusals.get(answer) ?? 0) + 1);
  }
  return refusals;
}
