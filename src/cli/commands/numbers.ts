import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { details } from '../details.js';
import { CliFailedError, CliUsageError } from '../errors.js';
import { does, type Options } from '../invocation.js';
import { list, listOptions } from '../listing.js';
import { importNumbers } from '../number-import.js';
import { filterOptions, filtersOf, type Filter } from '../options.js';
import type { World } from '../terminal.js';
import { shown } from '../text.js';

const FILTERS: readonly Filter[] = [
  ['--starts-with <digits>', 'number_startswith', 'only those that begin so'],
  ['--country <code>', 'country', 'only of this country (ISO 3166-1)'],
  ['--alias <text>', 'alias', 'only with this very alias'],
  ['--type <type>', 'type', 'local, mobile, national or tollfree'],
  ['--enabled <yes>', 'enabled', 'true or false'],
  ['--subaccount <id>', 'subaccount', 'only of this subaccount'],
];

const PROPERTIES: readonly Filter[] = [
  ['--alias <text>', 'alias', 'a name for people'],
  ['--country <code>', 'country', 'ISO 3166-1; that of the number when not given'],
  ['--trunk <name>', 'trunk', 'tried first for calls of this number'],
  ['--subaccount <id>', 'subaccount', 'only its sessions use the number'],
  ['--enabled <yes>', 'enabled', 'false: neither calls nor sessions'],
];

export function numbersCommand(world: World): Command {
  const numbers = new Command('numbers').description(
    'virtual numbers: list, add, change, remove and import them',
  );

  const listing = listOptions(filterOptions(numbers.command('list'), FILTERS)).description(
    'list virtual numbers',
  );
  does(listing, world, (run, _, options) =>
    list(run, options, {
      path: 'Number/',
      query: filtersOf(options, FILTERS),
      what: 'numbers',
      columns: [
        { title: 'NUMBER', value: (row) => shown(row['number']) },
        { title: 'COUNTRY', value: (row) => shown(row['country']), rank: 2 },
        { title: 'ENABLED', value: (row) => (row['enabled'] === true ? 'yes' : 'no') },
        { title: 'TRUNK', value: (row) => shown(row['trunk']), atLeast: 6, rank: 3 },
        { title: 'SUBACCOUNT', value: (row) => shown(row['sub_account']), rank: 4 },
        { title: 'ALIAS', value: (row) => shown(row['alias']), atLeast: 8, rank: 5 },
      ],
    }),
  );

  const get = numbers
    .command('get')
    .description('show one number and how its PINs are guarded')
    .argument('<number>');
  does(get, world, async (run, [number = '']) => {
    const answer = await run.client.get(pathOf(number));
    await run.show(answer, () => {
      const { pin_guard: guard, ...rest } = answer;
      const lengths = Array.isArray(guard) ? (guard as Json[]) : [];
      return [
        ...details(rest, { reveal: true, people: [] }),
        ...lengths.map(
          (each) =>
            `PINs of ${shown(each['pin_length'])} digits: ${shown(each['live_pins'])} live, one guess hits with ${shown(each['guess_chance'])}, ${each['guarded'] === true ? 'guarded' : 'not guarded'}`,
        ),
      ];
    });
  });

  const add = filterOptions(numbers.command('add'), PROPERTIES)
    .description('add virtual numbers')
    .argument('<numbers...>', 'E.164, with + or without');
  does(add, world, async (run, given, options) => {
    const answer = await run.client.request('POST', 'Number/', {
      body: { numbers: given, ...properties(options) },
    });
    await run.show(answer, () =>
      (answer['numbers'] as Json[]).map(
        (each) => `${each['status'] === 'Success' ? 'added  ' : 'existed'}  ${shown(each['number'])}`,
      ),
    );
  });

  const update = filterOptions(numbers.command('update'), PROPERTIES)
    .description('change a number; what is not given stays, "" takes a value away')
    .argument('<number>');
  does(update, world, async (run, [number = ''], options) => {
    const body = properties(options);
    if (Object.keys(body).length === 0) throw new CliUsageError('nothing is to be changed: give an option');
    const answer = await run.client.request('POST', pathOf(number), { body });
    await run.show(answer, () => [`changed  ${number}`]);
  });

  const remove = numbers
    .command('remove')
    .description('give a number up; refused while live sessions use it')
    .argument('<number>');
  does(remove, world, async (run, [number = '']) => {
    await run.client.request('DELETE', pathOf(number));
    await run.show({ removed: number }, () => [`removed  ${number}`]);
  });

  const load = numbers
    .command('import')
    .description('add the numbers of a file; goes on after lines that fail, and tells them')
    .argument(
      '<file>',
      'a number a line, or CSV: number,alias,country,trunk,subaccount,enabled; - for standard input',
    );
  does(load, world, async (run, [file = '']) => {
    const text = file === '-' ? await textOf(run.world.stdin) : readText(file);
    const result = await importNumbers(run, text);
    await run.show(result, () => [
      `${result.added} added, ${result.existed} existed, ${result.failed} failed`,
    ]);
    if (result.failed > 0)
      throw new CliFailedError(
        `${result.failed} of the lines were not taken: correct them and import the file again, what exists is left as it is`,
      );
  });
  return numbers;
}

function pathOf(number: string): string {
  const digits = number.replace(/^\+/, '');
  if (!/^\d{7,15}$/.test(digits))
    throw new CliUsageError('that is no phone number: give E.164, such as +15550009999');
  return `Number/${digits}/`;
}

function properties(options: Options): Json {
  return Object.fromEntries(
    Object.entries(filtersOf(options, PROPERTIES)).filter(([, value]) => value !== undefined),
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CliUsageError(`the file cannot be read (${reason}): check its path`, { cause: error });
  }
}
