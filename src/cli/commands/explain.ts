import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { does, type Invocation } from '../invocation.js';
import type { World } from '../terminal.js';
import { person, shown } from '../text.js';
import { factLines, ruleLines } from '../traces.js';

export function explainCommand(world: World): Command {
  const explain = new Command('explain')
    .description('what would happen to a call now, and by which rule; nothing is dialled or counted')
    .requiredOption('--to <number>', 'the virtual number that is called')
    .option('--from <number>', 'who calls; withheld when left out')
    .option(
      '--pin [digits]',
      'what the caller would key; asked for when no digits follow, so that others do not see it',
    )
    .option('--own-digits [digits]', 'the last six digits of the caller’s own number; asked for likewise');
  return does(explain, world, async (run, _, options) => {
    const pin = await hidden(run, options['pin'], 'PIN: ');
    const own = await hidden(run, options['ownDigits'], 'Last six digits of the caller’s own number: ');
    const body = { to: options['to'], from: options['from'], pin, own_digits: own };
    // Addresses are what proxies write down, so nothing of it stands in one.
    const { response } = await run.client.request('POST', 'Masking/Explain/', { body });
    await run.show(response, () => explanationLines(run, response as Json));
  });
}

async function hidden(run: Invocation, given: unknown, question: string): Promise<string | undefined> {
  return given === true ? run.terminal.ask(question, { hidden: true }) : (given as string | undefined);
}

function explanationLines(run: Invocation, found: Json): string[] {
  const facts: [string, string][] = [
    ['outcome', shown(found['outcome'])],
    ['session', shown(found['session_uuid'])],
    ['caller', shown(found['caller']).replace('_', ' ')],
    ['calls', person(found['calls'], run.reveal)],
    [
      'trunks',
      Array.isArray(found['trunks']) && found['trunks'].length > 0 ? found['trunks'].join(', ') : '-',
    ],
    ['rings for', found['ring_timeout'] === null ? '-' : `${shown(found['ring_timeout'])} s`],
    ['lasts', found['call_time_limit'] === null ? '-' : `${shown(found['call_time_limit'])} s at most`],
    ['recorded', found['record'] === true ? 'yes' : '-'],
    ['PIN', shown(found['pin']).replaceAll('_', ' ')],
    ['limit', shown(found['limit'])],
    ['SIP status', shown(found['status'])],
  ];
  return [run.terminal.paint('bold', shown(found['explanation'])), ...factLines(facts), ...ruleLines(found)];
}
