import { Command } from 'commander';

import { details } from '../details.js';
import { does } from '../invocation.js';
import { list, listOptions } from '../listing.js';
import { filterOptions, filtersOf, uuid, type Filter } from '../options.js';
import { download } from '../recording-download.js';
import type { World } from '../terminal.js';
import { duration, person, shown, size } from '../text.js';

const PEOPLE = ['from_number', 'to_number'];

const FILTERS: readonly Filter[] = [
  ['--session <uuid>', 'session_uuid', 'only of this session'],
  ['--call <uuid>', 'call_uuid', 'only of this call, either leg'],
  ['--from <number>', 'from_number', 'only from this number'],
  ['--to <number>', 'to_number', 'only to this number'],
  ['--subaccount <id>', 'subaccount', 'only of this subaccount'],
  ['--added-after <time>', 'add_time__gte', 'added at or after, UTC, such as "2026-11-29 08:00"'],
  ['--added-before <time>', 'add_time__lt', 'added before'],
];

export function recordingsCommand(world: World): Command {
  const recordings = new Command('recordings').description('recordings: list and download them');

  const listing = listOptions(filterOptions(recordings.command('list'), FILTERS)).description(
    'list recordings, newest first (the last 7 days unless told otherwise)',
  );
  does(listing, world, (run, _, options) =>
    list(run, options, {
      path: 'Recording/',
      query: filtersOf(options, FILTERS),
      what: 'recordings',
      columns: [
        { title: 'RECORDING', value: (row) => shown(row['recording_id']) },
        { title: 'ADDED', value: (row) => shown(row['add_time']).slice(0, 19) },
        {
          title: 'LENGTH',
          align: 'right',
          value: (row) => duration(Number(row['recording_duration_ms']) / 1_000),
        },
        { title: 'SIZE', align: 'right', value: (row) => size(Number(row['bytes'])), rank: 2 },
        { title: 'FORMAT', value: (row) => shown(row['recording_format']), rank: 3 },
        { title: 'STATE', value: (row) => shown(row['state']), rank: 1 },
        { title: 'FROM', value: (row) => person(row['from_number'], run.reveal), rank: 4 },
      ],
    }),
  );

  const get = recordings.command('get').description('show one recording').argument('<uuid>', 'its id', uuid);
  does(get, world, async (run, [id = '']) => {
    const recording = await run.client.get(`Recording/${id}/`);
    await run.show(recording, () => details(recording, { reveal: run.reveal, people: PEOPLE }));
  });

  const fetching = recordings
    .command('download')
    .description('store the audio of a recording as a file')
    .argument('<uuid>', 'its id', uuid)
    .option(
      '-o, --output <file>',
      'where to; <uuid>.<format> in this folder when left out, - for standard output',
    )
    .option('--force', 'replace a file that is there');
  does(fetching, world, async (run, [id = ''], options) => {
    const output = options['output'] as string | undefined;
    const stored = await download(run, id, { output, force: options['force'] === true });
    if (stored === null) return;
    await run.show(stored, () => [`stored  ${stored.file}  ${size(stored.bytes)}`]);
  });
  return recordings;
}
