import { Command, Option } from 'commander';

import type { Json } from '../api-client.js';
import { details } from '../details.js';
import { CliNotFoundError } from '../errors.js';
import { does, type Invocation } from '../invocation.js';
import { list, listOptions } from '../listing.js';
import { filterOptions, filtersOf, uuid, wholeNumber, type Filter } from '../options.js';
import { counted } from '../progress.js';
import { Table } from '../table.js';
import type { World } from '../terminal.js';
import { duration, person, shown } from '../text.js';
import { traceColumns, traceLines } from '../traces.js';

const FILTERS: readonly Filter[] = [
  ['--from <number>', 'from_number', 'only from this number'],
  ['--to <number>', 'to_number', 'only to this number'],
  ['--parent <uuid>', 'parent_call_uuid', 'only the B legs of this A leg'],
  ['--hangup-code <n>', 'hangup_cause_code', 'only with this code'],
  ['--hangup-source <who>', 'hangup_source', 'only ended by'],
  ['--subaccount <id>', 'subaccount', 'only of this subaccount'],
  ['--ended-after <time>', 'end_time__gte', 'ended at or after, UTC, such as "2026-11-29 08:00"'],
  ['--ended-before <time>', 'end_time__lt', 'ended before'],
];

const TRACE_FILTERS: readonly Filter[] = [
  ['--to <number>', 'to', 'only to this virtual number'],
  ['--from <number>', 'from', 'only from this caller'],
  ['--session <uuid>', 'session_uuid', 'only in this session'],
];

const OUTCOMES = ['connected', 'unanswered', 'announced', 'refused', 'abandoned'];

export function callsCommand(world: World): Command {
  const calls = new Command('calls').description('calls: those that are up, those that ended, and why');

  const listing = listOptions(filterOptions(calls.command('list'), FILTERS))
    .description('list legs that have ended, newest first (the last 7 days unless told otherwise)')
    .addOption(new Option('--direction <way>', 'only these').choices(['inbound', 'outbound']));
  does(listing, world, (run, _, options) =>
    list(run, options, {
      path: 'Call/',
      query: { ...filtersOf(options, FILTERS), call_direction: options['direction'] },
      what: 'calls',
      columns: [
        { title: 'CALL', value: (row) => shown(row['call_uuid']) },
        { title: 'ENDED', value: (row) => shown(row['end_time']).slice(0, 19) },
        { title: 'WAY', value: (row) => shown(row['call_direction']), rank: 4 },
        { title: 'FROM', value: (row) => sideOf(run, row, 'from_number'), rank: 2 },
        { title: 'TO', value: (row) => sideOf(run, row, 'to_number'), rank: 2 },
        { title: 'TALK', align: 'right', value: (row) => duration(Number(row['bill_duration'])), rank: 1 },
        { title: 'ENDED BY', value: (row) => shown(row['hangup_source']), rank: 5 },
        { title: 'CAUSE', value: (row) => shown(row['hangup_cause_name']), atLeast: 10, rank: 3 },
      ],
    }),
  );

  const live = calls
    .command('live')
    .description('list the legs that are up')
    .option('--limit <n>', 'how many at most', wholeNumber(1, 10_000), 100);
  does(live, world, async (run, _, options) => showLive(run, Number(options['limit'])));

  const get = calls
    .command('get')
    .description('show one leg, up or ended')
    .argument('<uuid>', 'its id', uuid);
  does(get, world, async (run, [id = '']) => {
    const call = (await liveCall(run, id)) ?? (await run.client.get(`Call/${id}/`));
    await run.show(call, () => details(call, { reveal: run.reveal, people: peopleOf(call) }));
  });

  const hangUp = calls
    .command('hang-up')
    .description('end a call: both its legs')
    .argument('<uuid>', 'id of either leg', uuid);
  does(hangUp, world, async (run, [id = '']) => {
    await run.client.request('DELETE', `Call/${id}/`);
    await run.show({ hung_up: id }, () => [`hung up  ${id}`]);
  });

  const traces = listOptions(filterOptions(calls.command('traces'), TRACE_FILTERS))
    .description('list calls with what became of them, refused and unanswered ones too')
    .option('--live', 'only those that are not over')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(OUTCOMES));
  does(traces, world, (run, _, options) =>
    list(run, options, {
      path: 'Masking/Explain/Call/',
      query: {
        ...filtersOf(options, TRACE_FILTERS),
        outcome: options['outcome'],
        status: options['live'] === true ? 'live' : undefined,
      },
      what: 'traces',
      columns: traceColumns(run.reveal),
    }),
  );

  const why = calls
    .command('why')
    .description('what happened to one call, step by step, and why')
    .argument('<uuid>', 'id of its A leg', uuid);
  does(why, world, async (run, [id = '']) => {
    const { response } = await run.client.get(`Masking/Explain/Call/${id}/`);
    await run.show(response, () => traceLines(response as Json, run));
  });
  return calls;
}

/** The end of a call that is a person: who called us, or whom we called. The other one is a virtual number. */
function peopleOf(call: Json): string[] {
  const direction = call['call_direction'] ?? call['direction'];
  if (direction === 'inbound') return ['from_number', 'from'];
  return direction === 'outbound' ? ['to_number', 'to'] : ['from_number', 'from', 'to_number', 'to'];
}

function sideOf(run: Invocation, call: Json, field: string): string {
  return person(call[field], run.reveal || !peopleOf(call).includes(field));
}

async function showLive(run: Invocation, limit: number): Promise<void> {
  const { calls } = await run.client.get('Call/', { status: 'live' });
  const ids = (calls as string[]).slice(0, limit);
  const found: Json[] = [];
  const progress = run.terminal.progress();
  try {
    for (const id of ids) {
      const call = await liveCall(run, id);
      if (call !== null) found.push(call);
      progress.update(counted(found.length, ids.length, 'calls'));
    }
  } finally {
    progress.end();
  }
  await run.show({ objects: found, total_count: (calls as string[]).length }, () => {
    if (found.length === 0) return [];
    return new Table<Json>(
      [
        { title: 'CALL', value: (row) => shown(row['call_uuid']) },
        { title: 'STATE', value: (row) => shown(row['call_status']) },
        { title: 'FROM', value: (row) => sideOf(run, row, 'from'), rank: 2 },
        { title: 'TO', value: (row) => sideOf(run, row, 'to'), rank: 2 },
        { title: 'SINCE', value: (row) => shown(row['session_start']).slice(0, 19), rank: 1 },
        { title: 'SESSION', value: (row) => shown(row['session_uuid']), rank: 3 },
      ],
      run.terminal.columns,
    ).lines(found);
  });
  if (found.length === 0) run.terminal.say('no call is up');
  else if (found.length < (calls as string[]).length) {
    run.terminal.say(counted(found.length, (calls as string[]).length, 'calls; --limit shows more'));
  }
}

/** Null when it is not up (any more). */
async function liveCall(run: Invocation, id: string): Promise<Json | null> {
  try {
    return await run.client.get(`Call/${id}/`, { status: 'live' });
  } catch (error) {
    if (error instanceof CliNotFoundError) return null;
    throw error;
  }
}
