/**
 * Events and commands a second of our Event Socket client, beside modesl as it is published, `esl` where it is installed
 * (npm install --no-save esl), and a bare loop that does nothing but find frames and parse JSON. In turns, in one
 * process, against one server in another. Prints medians; writes JSON beside it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';

import { bareLoop, esl, ours, stockModesl, type EventClient, type OpenClient } from './lib/event-clients.js';
import { openWatched } from './lib/interruption.js';
import { legEnded } from './lib/leg-ended.js';
import { percentile, table } from './lib/statistics.js';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '20000' },
    commands: { type: 'string', default: '5000' },
    width: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '6' },
    output: { type: 'string', default: 'var/bench/esl.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(
    'npm run bench:esl -- [--events 20000] [--commands 5000] [--width 32] [--rounds 6] [--output var/bench/esl.json]\n' +
      'events, commands: of each client in a round; width: commands under way at once. Needs nothing else.\n',
  );
  process.exit(0);
}

const [events, commands, width, rounds] = [values.events, values.commands, values.width, values.rounds].map(
  Number,
) as [number, number, number, number];

/** In which a client sends its commands: one that waits for the peer's delayed ACK each time has 25 a second. */
const LONGEST_MS = 3_000;

interface Figures {
  readonly events: number[];
  readonly one: number[];
  readonly wide: number[];
}

const { port, close } = await openWatched(async (opened, end) => {
  const source = fork(new URL('./lib/event-source.ts', import.meta.url), [], {
    execArgv: ['--import', 'tsx'],
  });
  opened.push(async () => {
    const exited = once(source, 'exit');
    source.kill('SIGKILL');
    await exited;
  });
  const [at] = (await once(source, 'message')) as [number];
  return { port: at, close: end };
});

const figures = new Map<string, Figures>();
try {
  const open: OpenClient[] = [bareLoop, ours, stockModesl];
  const other = await esl();
  if (other === null)
    process.stderr.write('esl is not installed and is left out: npm install --no-save esl\n');
  else open.push(other);
  for (const each of open) await measure(each, Math.ceil(events / 10), Math.ceil(commands / 10));
  figures.clear();
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    for (const each of round % 2 === 0 ? open : open.toReversed()) await measure(each, events, commands);
  }
} finally {
  await close();
}

const bare = figures.get('bare loop');
const rows = [...figures].map(([name, figure]) => [
  name,
  percentile(figure.events, 0.5).toFixed(0),
  bare === undefined ? '' : (percentile(bare.events, 0.5) / percentile(figure.events, 0.5)).toFixed(2),
  percentile(figure.one, 0.5).toFixed(0),
  percentile(figure.wide, 0.5).toFixed(0),
]);
const head = ['client', 'events/s', 'times the bare loop', 'commands/s, one by one', `${width} at once`];
process.stdout.write(
  `${table([head, ...rows])}\nmedians of ${rounds} rounds; events of ${JSON.stringify(legEnded()).length} bytes; ` +
    `${cpus().length} cores\n`,
);
await mkdir(dirname(values.output), { recursive: true });
await writeFile(
  values.output,
  `${JSON.stringify({ events, commands, width, figures: Object.fromEntries(figures) }, null, 1)}\n`,
);

async function measure(open: OpenClient, eventCount: number, commandCount: number): Promise<void> {
  const client = await open(port);
  try {
    const own = figures.get(client.name) ?? { events: [], one: [], wide: [] };
    figures.set(client.name, own);
    own.events.push(await eventsOf(client, eventCount));
    own.one.push(await commandsOf(client, commandCount, 1));
    own.wide.push(await commandsOf(client, commandCount, width));
  } finally {
    client.close();
  }
}

/** Events a second. */
async function eventsOf(client: EventClient, count: number): Promise<number> {
  let left = count;
  const begun = performance.now();
  const told = new Promise<void>((resolve) => {
    client.onEvent = () => {
      left -= 1;
      if (left === 0) resolve();
    };
  });
  await Promise.all([client.api(`burst ${count}`), told]);
  return count / ((performance.now() - begun) / 1_000);
}

/** Commands a second, `atOnce` of them under way; fewer than `count` of a client that takes long over each. */
async function commandsOf(client: EventClient, count: number, atOnce: number): Promise<number> {
  let sent = 0;
  const begun = performance.now();
  const work = async (): Promise<void> => {
    while (sent < count && performance.now() - begun < LONGEST_MS) {
      sent += 1;
      await client.api('status');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return sent / ((performance.now() - begun) / 1_000);
}
