import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { Command, Option } from 'commander';

import type { Json } from '../api-client.js';
import { details } from '../details.js';
import { CliUsageError } from '../errors.js';
import { does, type Invocation, type Options } from '../invocation.js';
import { list, listOptions } from '../listing.js';
import { filterOptions, filtersOf, optionName, uuid, wholeNumber, type Filter } from '../options.js';
import type { World } from '../terminal.js';
import { duration, person, shown } from '../text.js';

const PEOPLE = ['first_party', 'second_party'];
const PATH = 'Masking/Session/';

const FILTERS: readonly Filter[] = [
  ['--first-party <number>', 'first_party', 'only with this first party'],
  ['--second-party <number>', 'second_party', 'only with this second party'],
  ['--virtual-number <number>', 'virtual_number', 'only on this number'],
  ['--subaccount <id>', 'subaccount', 'only of this subaccount'],
  ['--created-after <time>', 'created_time__gte', 'created at or after, UTC, such as "2026-11-29 08:00"'],
  ['--created-before <time>', 'created_time__lt', 'created before'],
  ['--expires-after <time>', 'expiry_time__gte', 'expires at or after'],
  ['--expires-before <time>', 'expiry_time__lt', 'expires before'],
  ['--longer-than <seconds>', 'duration__gt', 'lives longer'],
  ['--shorter-than <seconds>', 'duration__lt', 'lives shorter'],
];

/** What an update may change; a create takes it too. */
const CHANGEABLE: readonly Filter[] = [
  ['--expiry <seconds>', 'session_expiry', 'how long the session lives'],
  ['--call-time-limit <seconds>', 'call_time_limit', 'how long one call may last'],
  ['--ring-timeout <seconds>', 'ring_timeout', 'how long a phone rings'],
  ['--callback-url <url>', 'callback_url', 'is told what happens'],
  ['--callback-method <method>', 'callback_method', 'GET or POST'],
  ['--record <yes>', 'record', 'true: calls are recorded'],
  ['--record-format <format>', 'record_file_format', 'mp3 or wav'],
  ['--recording-callback-url <url>', 'recording_callback_url', 'is told of recordings'],
  [
    '--first-party-play-url <url>',
    'first_party_play_url',
    'heard by the first party before the two are joined',
  ],
  ['--second-party-play-url <url>', 'second_party_play_url', 'heard by the second party'],
  ['--first-party <number>', 'first_party', 'a phone number, E.164'],
  ['--second-party <number>', 'second_party', 'a phone number, E.164'],
];

const CREATE_ONLY: readonly Filter[] = [
  ['--virtual-number <number>', 'virtual_number', 'this number, and no other'],
  ['--geomatch <yes>', 'geomatch', 'false: the number may have another country than the first party'],
  ['--cooloff <seconds>', 'virtual_number_cooloff_period', 'the number rests for so long afterwards'],
  ['--unknown-caller-play <url>', 'unknown_caller_play', 'heard by callers who are no party'],
  ['--subaccount <id>', 'subaccount', 'the session belongs to it'],
  ['--pin-prompt-play <url>', 'pin_prompt_play', 'asks for the PIN'],
  ['--incorrect-pin-play <url>', 'incorrect_pin_play', 'says that a PIN was wrong'],
  ['--pin-retry <n>', 'pin_retry', 'attempts after the first'],
  ['--pin-length <digits>', 'generate_pin_length', 'with --generate-pins'],
];

const CREATE_FLAGS: readonly Filter[] = [
  [
    '--single-party',
    'create_session_with_single_party',
    'one party only: whoever else calls takes the place',
  ],
  ['--call-first-party', 'initiate_call_to_first_party', 'the first party is called at once'],
  ['--pins', 'is_pin_authentication_required', 'callers who are no party are asked for a PIN'],
  ['--generate-pins', 'generate_pin', 'the PINs are drawn by Maskline'],
  ['--force-pins', 'force_pin_authentication', 'parties are asked for the PIN, too'],
];

export function sessionsCommand(world: World): Command {
  const sessions = new Command('sessions').description('masking sessions: list, create, change and end them');

  const listing = listOptions(filterOptions(sessions.command('list'), FILTERS))
    .description('list sessions, newest first (the last 7 days unless told otherwise)')
    .addOption(
      new Option('--status <status>', 'only these').choices(['active', 'in-progress', 'expired', 'all']),
    );
  does(listing, world, (run, _, options) =>
    list(run, options, {
      path: PATH,
      query: { ...filtersOf(options, FILTERS), status: options['status'] },
      what: 'sessions',
      columns: [
        { title: 'SESSION', value: (row) => shown(row['session_uuid']) },
        { title: 'NUMBER', value: (row) => shown(row['virtual_number']) },
        { title: 'STATUS', value: (row) => shown(row['status']) },
        { title: 'FIRST', value: (row) => person(row['first_party'], run.reveal), rank: 2 },
        { title: 'SECOND', value: (row) => person(row['second_party'], run.reveal), rank: 2 },
        { title: 'CALLS', align: 'right', value: (row) => shown(row['total_call_count']), rank: 4 },
        { title: 'EXPIRES', value: (row) => shown(row['expiry_time']).slice(0, 19), rank: 3 },
      ],
    }),
  );

  const get = sessions.command('get').description('show one session').argument('<uuid>', 'its id', uuid);
  does(get, world, async (run, [id = '']) => {
    const { response } = await run.client.get(`${PATH}${id}/`);
    await run.show(response, () => sessionLines(run, response as Json));
  });

  const create = filterOptions(sessions.command('create'), [...CHANGEABLE, ...CREATE_ONLY, ...CREATE_FLAGS])
    .description('create a session; --body keeps numbers and PINs out of the command line')
    .option('--body <file>', 'JSON with the API’s parameters; - for standard input. Options go before it');
  does(create, world, async (run, _, options) => {
    const body = {
      ...(await bodyOf(run, options)),
      ...given(options, [...CHANGEABLE, ...CREATE_ONLY, ...CREATE_FLAGS]),
    };
    const answer = await run.client.request('POST', PATH, { body });
    await run.show(answer, () => [
      `created  ${shown(answer['session_uuid'])}`,
      ...sessionLines(run, answer['session'] as Json),
    ]);
  });

  const extend = sessions
    .command('extend')
    .description('let a session live on: it expires so many seconds from now')
    .argument('<uuid>', 'its id', uuid)
    .argument('<seconds>', 'from now', wholeNumber(1, 31_536_000));
  does(extend, world, (run, [id = '', seconds]) => change(run, id, { session_expiry: seconds }));

  const update = filterOptions(sessions.command('update'), CHANGEABLE)
    .description('change a session; what is not given stays, "" takes a URL away')
    .argument('<uuid>', 'its id', uuid)
    .option('--body <file>', 'JSON with the API’s parameters; - for standard input. Options go before it');
  does(update, world, async (run, [id = ''], options) => {
    const body = { ...(await bodyOf(run, options)), ...given(options, CHANGEABLE) };
    if (Object.keys(body).length === 0) throw new CliUsageError('nothing is to be changed: give an option');
    await change(run, id, body);
  });

  const end = sessions
    .command('end')
    .description('end a session; a call that is up goes on (unless SESSION_END_HANGS_UP)')
    .argument('<uuid>', 'its id', uuid);
  does(end, world, async (run, [id = '']) => {
    const answer = await run.client.request('DELETE', `${PATH}${id}/`);
    await run.show(answer, () => [`ended  ${id}`]);
  });
  return sessions;
}

async function change(run: Invocation, id: string, body: Json): Promise<void> {
  const answer = await run.client.request('POST', `${PATH}${id}/`, { body });
  const session = answer['session'] as Json;
  await run.show(answer, () => [`changed  ${id}`, `expires  ${shown(session['expiry_time'])}`]);
}

/** Flags and values that were given; an empty value is one. */
function given(options: Options, parameters: readonly Filter[]): Json {
  return Object.fromEntries(
    parameters
      .map(([flags, parameter]) => [parameter, options[optionName(flags)]] as const)
      .filter(([, value]) => value !== undefined),
  );
}

async function bodyOf(run: Invocation, options: Options): Promise<Json> {
  const file = options['body'];
  if (typeof file !== 'string') return {};
  let body: unknown;
  try {
    body = JSON.parse(file === '-' ? await textOf(run.world.stdin) : readFileSync(file, 'utf8'));
  } catch (error) {
    // The text of a JSON error repeats what was read.
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new CliUsageError(`--body ${why}: give a file with a JSON object, or - for standard input`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new CliUsageError('--body is no JSON object: give one, with the API’s parameters');
  }
  return body as Json;
}

function sessionLines(run: Invocation, session: Json): string[] {
  const calls = Array.isArray(session['interaction']) ? (session['interaction'] as Json[]) : [];
  return [
    ...details(session, { reveal: run.reveal, people: PEOPLE }),
    ...calls.map(
      (call) =>
        `call  ${shown(call['start_time'])}  ${duration(Number(call['duration'] ?? 0))}, ${shown(call['total_call_count'])} legs`,
    ),
  ];
}
