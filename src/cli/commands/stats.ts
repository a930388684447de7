import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { CliFailedError } from '../errors.js';
import { does } from '../invocation.js';
import { wholeNumber } from '../options.js';
import { Table } from '../table.js';
import type { World } from '../terminal.js';
import { duration, shown } from '../text.js';

export function statsCommand(world: World): Command {
  const stats = new Command('stats')
    .description('how calls went: counts, answer rate, how long until it rings, and what failed')
    .option('--start <time>', 'from, UTC, such as "2026-11-29 08:00"')
    .option('--end <time>', 'until')
    .option('--step <seconds>', 'length of one line', wholeNumber(60, 86_400));
  return does(stats, world, async (run, _, options) => {
    const answer = await run.client.get('Masking/Statistics/', {
      start: options['start'] as string | undefined,
      end: options['end'] as string | undefined,
      step: options['step'] as number | undefined,
    });
    const { objects } = answer as { objects?: Json[] };
    if (!Array.isArray(objects))
      throw new CliFailedError('the answer holds no figures: is the controller of another version?');
    await run.show(answer, () => figureLines(objects, run.terminal.columns));
    if (objects.length === 0) run.terminal.say('no calls in that time');
  });
}

function figureLines(objects: readonly Json[], width: number | null): string[] {
  const rows = objects.filter((row) => Number(row['calls']) > 0);
  if (rows.length === 0) return [];
  const table = new Table<Json>(
    [
      { title: 'FROM (UTC)', value: (row) => shown(row['at']).slice(0, 16).replace('T', ' ') },
      { title: 'CALLS', align: 'right', value: (row) => shown(row['calls']) },
      { title: 'CONNECTED', align: 'right', value: (row) => shown(row['connected']) },
      { title: 'UNANSWERED', align: 'right', value: (row) => shown(row['unanswered']), rank: 3 },
      { title: 'ANSWERED', align: 'right', value: (row) => percent(row['answer_rate']) },
      { title: 'RING P50', align: 'right', value: (row) => delay(row, 'p50_ms'), rank: 4 },
      { title: 'RING P95', align: 'right', value: (row) => delay(row, 'p95_ms'), rank: 2 },
      { title: 'TALK', align: 'right', value: (row) => duration(Number(row['talk_seconds'])), rank: 1 },
      { title: 'FAILURES', value: (row) => failuresOf(row), atLeast: 12, rank: 5 },
    ],
    width,
  );
  return table.lines(rows);
}

function percent(rate: unknown): string {
  return typeof rate === 'number' ? `${(rate * 100).toFixed(1)} %` : '-';
}

function delay(row: Json, figure: string): string {
  const value = (row['post_dial_delay'] as Json | undefined)?.[figure];
  return typeof value === 'number' ? `${(value / 1_000).toFixed(2)} s` : '-';
}

function failuresOf(row: Json): string {
  const failures = Object.entries((row['failures'] ?? {}) as Record<string, number>);
  if (failures.length === 0) return '-';
  return failures
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `${shown(reason)} ${count}`)
    .join(', ');
}
