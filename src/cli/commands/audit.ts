import { Command, Option } from 'commander';

import { does } from '../invocation.js';
import { list, listOptions } from '../listing.js';
import { filterOptions, filtersOf, type Filter } from '../options.js';
import type { World } from '../terminal.js';
import { shown } from '../text.js';

const FILTERS: readonly Filter[] = [
  ['--by <auth id>', 'auth_id', 'only by these credentials; controller for itself'],
  ['--of <account>', 'account', 'only for this account'],
  ['--action <name>', 'action', 'only this, such as createSession'],
  ['--target <id>', 'target', 'only what changed this'],
  ['--after <time>', 'time__gte', 'at or after, UTC, such as "2026-11-29 08:00"'],
  ['--before <time>', 'time__lt', 'before'],
];

export function auditCommand(world: World): Command {
  const audit = new Command('audit').description('who changed what over the API');
  const listing = listOptions(filterOptions(audit.command('list'), FILTERS))
    .description('list changes, newest first (the last 7 days unless told otherwise)')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(['done', 'failed', 'unknown']));
  does(listing, world, (run, _, options) =>
    list(run, options, {
      path: 'Audit/',
      query: { ...filtersOf(options, FILTERS), outcome: options['outcome'] },
      what: 'changes',
      columns: [
        { title: 'TIME', value: (row) => shown(row['time']).slice(0, 23) },
        { title: 'BY', value: (row) => shown(row['auth_id']), rank: 2 },
        { title: 'FROM', value: (row) => shown(row['peer']), rank: 3 },
        { title: 'ACTION', value: (row) => shown(row['action']) },
        { title: 'TARGET', value: (row) => shown(row['target']), atLeast: 12, rank: 1 },
        { title: 'OUTCOME', value: (row) => shown(row['outcome']) },
        { title: 'FIELDS', value: (row) => fieldsOf(row['fields']), atLeast: 8, rank: 4 },
      ],
    }),
  );
  return audit;
}

function fieldsOf(fields: unknown): string {
  return Array.isArray(fields) && fields.length > 0 ? shown(fields.join(',')) : '-';
}
