import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { CliFailedError, CliUsageError } from '../errors.js';
import { does, type Options } from '../invocation.js';
import { filterOptions, filtersOf, type Filter } from '../options.js';
import { Table } from '../table.js';
import type { World } from '../terminal.js';
import { shown } from '../text.js';

const LOAD: readonly Filter[] = [
  ['--sessions-per-hour <n>', 'sessions_per_hour', 'sessions created in the busiest hour'],
  ['--session-seconds <n>', 'session_seconds', 'how long a session lasts on average (1800)'],
  ['--cool-off <seconds>', 'cool_off_seconds', 'virtual_number_cooloff_period of the sessions (0)'],
  ['--first-persons <n>', 'first_persons', 'first parties who share the sessions (each its own)'],
  ['--second-persons <n>', 'second_persons', 'second parties who share them (each its own)'],
  ['--first-at-once <n>', 'first_at_once', 'sessions at once that your system allows a first party'],
  ['--second-at-once <n>', 'second_at_once', 'the same of a second party'],
  ['--busy-factor <n>', 'busy_factor', 'times as many sessions as the mean that the busiest have (1)'],
  ['--single-party', 'single_party', 'sessions with a single party'],
  ['--pins', 'pins', 'sessions with generated PINs'],
  ['--pin-length <digits>', 'pin_length', 'their digits (4)'],
  ['--wrong-pins <n>', 'wrong_pins', 'wrong PINs a day on a number before strangers are guarded (1)'],
  ['--calls-at-once <n>', 'calls_at_once', 'calls that run at once in the busiest hour'],
  ['--country <code>', 'country', 'whose numbers to compare with (ISO 3166-1; all)'],
  ['--subaccount <id>', 'subaccount', 'whose numbers to compare with (those of none)'],
];
const COMMON: readonly Filter[] = [
  ['--failed-per-million <n>', 'failed_per_million', 'creates that may find no number (1000)'],
];
const AHEAD: readonly Filter[] = [
  ['--days <n>', 'days', 'without a load: for how many days ahead numbers are to be added (30)'],
];

const HELP = `
Without a load it tells what the numbers that there are run out of, and when, from the creates of the last six weeks.
With --sessions-per-hour it tells how many numbers such a load needs, whatever runs now. How: docs/pool-planning.md

Examples:
  maskline pool plan
  maskline pool plan --days 90
  maskline pool plan --sessions-per-hour 1000 --session-seconds 1800 --first-persons 100 --cool-off 600 --country GB
  maskline pool plan --sessions-per-hour 600 --pins --pin-length 6`;

const RESOURCES: Readonly<Record<string, string>> = {
  persons: 'busiest persons',
  unknown_callers: 'single-party',
};

/** One line of the forecast: a pool, or one more thing that it may run out of. */
interface Line {
  readonly pool: Json;
  readonly resource: Json | undefined;
  readonly isFirst: boolean;
}

export function poolCommand(world: World): Command {
  const pool = new Command('pool').description('whether there are enough virtual numbers, and until when');
  const plan = filterOptions(pool.command('plan'), [...LOAD, ...COMMON, ...AHEAD])
    .description('how many numbers a load needs; without one, what today’s numbers run out of and when')
    .addHelpText('after', HELP);
  does(plan, world, async (run, _, options) => {
    if (!isLoad(options)) {
      const answer = await run.client.get(
        'Masking/Pool/Forecast/',
        filtersOf(options, [...COMMON, ...AHEAD]),
      );
      const objects = objectsIn(answer);
      await run.show(answer, () => forecastLines(objects, run.terminal.columns));
      if (objects.length === 0)
        run.terminal.say('there are no virtual numbers: add some with maskline numbers add');
      return;
    }
    if (options['sessionsPerHour'] === undefined)
      throw new CliUsageError('a load begins with --sessions-per-hour; without a load leave its options out');
    if (options['days'] !== undefined)
      throw new CliUsageError('--days is for today’s numbers: leave it out, or the load');
    const answer = await run.client.get('Masking/Pool/Plan/', filtersOf(options, [...LOAD, ...COMMON]));
    const told = answer['response'] as Json | undefined;
    if (told === undefined || !Array.isArray(told['constraints']))
      throw new CliFailedError('the answer holds no plan: is the controller of another version?');
    await run.show(answer, () => planLines(told, run.terminal.columns));
  });
  return pool;
}

function isLoad(options: Options): boolean {
  return Object.values(filtersOf(options, LOAD)).some((value) => value !== undefined);
}

function objectsIn(answer: Json): readonly Json[] {
  const { objects } = answer as { objects?: Json[] };
  if (!Array.isArray(objects))
    throw new CliFailedError('the answer holds no pools: is the controller of another version?');
  return objects;
}

function planLines(plan: Json, width: number | null): string[] {
  const there = plan['pool'] as Json;
  const place = [there['country'] ?? 'all countries', there['subaccount'] ?? ''].filter(
    (each) => each !== '',
  );
  const add = there['numbers_to_add'];
  const facts: [name: string, value: string][] = [
    ['there are', `${shown(there['numbers'])} in ${place.map(shown).join(', ')}${addText(add)}`],
    ['without cool-off', shown(plan['numbers_without_cool_off'])],
    ['find no number', `${failed(plan['expected_failed_per_million'])} of a million creates`],
    ['live at once', `${shown(plan['live_sessions'])} sessions`],
    ['a first party has', `${shown(plan['held_by_first_party'])} numbers already, in sessions and cool-off`],
    ['a second party has', shown(plan['held_by_second_party'])],
  ];
  const table = new Table<Json>(
    [
      { title: 'CONSTRAINT', value: (row) => shown(row['constraint']) },
      { title: 'NUMBERS', align: 'right', value: (row) => shown(row['numbers']) },
      { title: 'WHY', value: (row) => shown(row['explanation']), atLeast: 20, rank: 1 },
    ],
    width,
  );
  return [
    shown(plan['explanation']),
    ...facts.map(([name, value]) => `${name.padEnd(18)}  ${value}`),
    ...table.lines(plan['constraints'] as Json[]),
    ...((plan['unmet'] ?? []) as Json[]).map(
      (each) => `not cured by more numbers: ${shown(each['constraint'])}, as ${shown(each['explanation'])}`,
    ),
  ];
}

function failed(perMillion: unknown): string {
  return typeof perMillion === 'number' ? String(Math.round(perMillion)) : '-';
}

function addText(add: unknown): string {
  return typeof add !== 'number' ? '' : add === 0 ? ', which is enough' : `; add ${add}`;
}

function forecastLines(pools: readonly Json[], width: number | null): string[] {
  if (pools.length === 0) return [];
  const lines = pools.flatMap((pool): Line[] => {
    const resources = (pool['resources'] ?? []) as Json[];
    const all = resources.length === 0 ? [undefined] : resources;
    return all.map((resource, index) => ({ pool, resource, isFirst: index === 0 }));
  });
  const ofPool = (value: (pool: Json) => string) => (line: Line) => (line.isFirst ? value(line.pool) : '');
  const table = new Table<Line>(
    [
      { title: 'POOL', value: ofPool(({ scope }) => (scope === '*' ? 'all' : shown(scope))) },
      { title: 'SUBACCOUNT', value: ofPool(({ subaccount }) => shown(subaccount)), rank: 6 },
      { title: 'NUMBERS', align: 'right', value: ofPool(({ numbers }) => shown(numbers)) },
      { title: 'SESSIONS', align: 'right', value: ofPool((pool) => shown(pool['live_sessions'])), rank: 4 },
      { title: 'COOLING', align: 'right', value: ofPool((pool) => shown(pool['in_cool_off'])), rank: 7 },
      {
        title: 'FAILED 7D',
        align: 'right',
        value: ofPool((pool) => shown(pool['exhausted_last_week'])),
        rank: 3,
      },
      { title: 'WHAT', value: ({ resource }) => whatOf(resource), atLeast: 12 },
      { title: 'USED', align: 'right', value: ({ resource }) => usedOf(resource), rank: 2 },
      { title: 'A WEEK', align: 'right', value: ({ resource }) => growthOf(resource), rank: 5 },
      { title: 'USED UP', value: ({ resource }) => verdictOf(resource) },
      { title: 'ADD', align: 'right', value: ofPool((pool) => shown(pool['numbers_to_add'])) },
      { title: 'DATA', value: ofPool((pool) => dataOf(pool)), rank: 1 },
    ],
    width,
  );
  return table.lines(lines);
}

function whatOf(resource: Json | undefined): string {
  if (resource === undefined) return 'no creates';
  const name = shown(resource['resource']);
  const length = shown(resource['pin_length']);
  if (name === 'pin_guard') return `PINs of ${length}: guard`;
  if (name === 'pin_space') return `PINs of ${length}: space`;
  return RESOURCES[name] ?? name;
}

function usedOf(resource: Json | undefined): string {
  if (resource === undefined) return '-';
  return `${Math.round(Number(resource['level']))}/${Math.round(Number(resource['capacity']))}`;
}

function growthOf(resource: Json | undefined): string {
  const growth = resource?.['growth_per_week'];
  return typeof growth === 'number' ? `${growth > 0 ? '+' : ''}${growth}` : '-';
}

function verdictOf(resource: Json | undefined): string {
  if (resource === undefined) return '-';
  switch (resource['verdict']) {
    case 'exhausted':
      return 'now';
    case 'runs_out':
      return spanOf(resource);
    case 'not_with_this_trend':
      return 'not with this trend';
    case 'beyond_horizon':
      return 'not in sight';
    case 'too_little_data':
      return 'too little data';
    default:
      return shown(resource['verdict']);
  }
}

/** The bounds are rounded outwards: nothing of this is known to the day. */
function spanOf({ days, earliest_days: earliest, latest_days: latest }: Json): string {
  return `in ${Math.round(Number(days))} days (${Math.floor(Number(earliest))}-${Math.ceil(Number(latest))})`;
}

function dataOf(pool: Json): string {
  return `${shown(pool['observed_days'])} d, ${shown(pool['observed_hours'])} h`;
}
