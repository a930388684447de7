import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { CliFailedError, CliUsageError } from '../errors.js';
import { does, type Invocation } from '../invocation.js';
import { maskNumber } from '../../masking/phone-number.js';
import type { World } from '../terminal.js';
import { shown } from '../text.js';

/** Milliseconds that an erasure may take: everything that is stored is looked through. */
const LONGEST_MS = 3_600_000;
const WORD = 'ERASE';

export function personsCommand(world: World): Command {
  const persons = new Command('persons').description('people: erase everything that is stored of one');
  const erase = persons
    .command('erase')
    .description('erase everything that is stored of a person, for all accounts; it cannot be had back')
    .argument('[number]', 'the person’s number; asked for when left out, so that others do not see it')
    .option('--yes', 'do not ask whether that is meant');
  does(erase, world, async (run, [given], options) => {
    const number = given ?? (await run.terminal.ask('Number of the person: ', { hidden: true }));
    await confirmed(run, number, options['yes'] === true);
    const progress = run.terminal.progress();
    progress.tick('looking through everything that is stored');
    let answer: Json;
    try {
      answer = await run.client.request('POST', 'Person/Erase/', {
        body: { phone_number: number },
        timeoutMs: LONGEST_MS,
      });
    } finally {
      progress.end();
    }
    const removed = (answer['removed'] ?? {}) as Json;
    await run.show(answer, () =>
      Object.entries(removed).map(([what, count]) => `${what.padEnd(12)}  ${shown(count)}`),
    );
    if (removed['complete'] === false) {
      throw new CliFailedError('something new came each time that it was looked: run this again');
    }
  });
  return persons;
}

async function confirmed(run: Invocation, number: string, isMeant: boolean): Promise<void> {
  if (isMeant) return;
  if (!run.terminal.isInteractive) {
    throw new CliUsageError('erasing cannot be undone, and nobody is there to be asked: add --yes');
  }
  const typed = await run.terminal.ask(
    `Everything of ${maskNumber(number)} goes, live sessions too, and cannot be had back. Type ${WORD}: `,
  );
  if (typed !== WORD) throw new CliUsageError('nothing was erased');
}
