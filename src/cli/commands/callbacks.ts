import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { CliUsageError } from '../errors.js';
import { does } from '../invocation.js';
import { list, listOptions } from '../listing.js';
import { uuid } from '../options.js';
import type { World } from '../terminal.js';
import { shown } from '../text.js';

export function callbacksCommand(world: World): Command {
  const callbacks = new Command('callbacks').description(
    'what a session’s receivers were told, and whether it arrived',
  );

  const listing = listOptions(callbacks.command('list'))
    .description('list the callbacks of a session, newest first')
    .argument('<session>', 'id of the session', uuid);
  does(listing, world, (run, [session = ''], options) =>
    list(run, options, {
      path: pathOf(session),
      query: {},
      what: 'callbacks',
      columns: [
        { title: 'ID', align: 'right', value: (row) => shown(row['callback_id']) },
        { title: 'EVENT', value: (row) => shown(row['event_name']) },
        { title: 'CREATED', value: (row) => shown(row['created_time']).slice(0, 19) },
        { title: 'STATUS', value: (row) => shown(row['status']) },
        { title: 'TRIES', align: 'right', value: (row) => String(attempts(row).length), rank: 1 },
        { title: 'LAST ANSWER', value: (row) => lastAnswer(row), rank: 2 },
        { title: 'HOST', value: (row) => hostOf(row['url']), atLeast: 10, rank: 3 },
      ],
    }),
  );

  const resend = callbacks
    .command('resend')
    .description('send a callback again')
    .argument('<session>', 'id of the session', uuid)
    .argument('<id>', 'id of the callback, as in the list');
  does(resend, world, async (run, [session = '', id = '']) => {
    if (!/^\d{1,15}$/.test(id))
      throw new CliUsageError('the id of a callback is a number: see maskline callbacks list');
    const answer = await run.client.request('POST', `${pathOf(session)}${id}/`);
    await run.show(answer, () => [`sent again  ${id}`]);
  });
  return callbacks;
}

function pathOf(session: string): string {
  return `Masking/Session/${session}/Callback/`;
}

function attempts(callback: Json): Json[] {
  return Array.isArray(callback['attempts']) ? (callback['attempts'] as Json[]) : [];
}

function lastAnswer(callback: Json): string {
  const last = attempts(callback).at(-1);
  if (last === undefined) return '-';
  return shown(last['status_code'] ?? last['error']);
}

/** The rest of a URL may hold what its owner would not show. */
function hostOf(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : '-';
}
