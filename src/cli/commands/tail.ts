import { Command } from 'commander';

import type { Json } from '../api-client.js';
import { feed } from '../feed.js';
import { does, type Invocation, type Options } from '../invocation.js';
import { uuid, wholeNumber } from '../options.js';
import type { Style, World } from '../terminal.js';
import { shown } from '../text.js';
import { stepText } from '../traces.js';

const PATH = 'Masking/Explain/Call/Events/';

const STYLES: Readonly<Record<string, Style>> = {
  joined: 'green',
  answered: 'green',
  refused: 'red',
  announced: 'yellow',
  ended: 'dim',
};

export function tailCommand(world: World): Command {
  const tail = new Command('tail')
    .description('calls as they happen, a line for each step, until Ctrl-C; --json for JSON lines')
    .option('--to <number>', 'only calls of this virtual number')
    .option('--session <uuid>', 'only calls of this session', uuid)
    .option('--call <uuid>', 'only this call', uuid)
    .option('--count <n>', 'end after so many lines', wholeNumber(1, 1_000_000_000));
  return does(tail, world, (run, _, options) => follow(run, options));
}

async function follow(run: Invocation, options: Options): Promise<void> {
  const { terminal } = run;
  const left = { count: Number(options['count'] ?? Infinity) };
  const events = feed(run.client, {
    path: PATH,
    signal: run.world.signal,
    onRetry: (why, seconds) => terminal.say(`${why}; connecting again in ${seconds} s`),
  });
  for await (const { event, data } of events) {
    if (event === 'reset') {
      terminal.say('what happened meanwhile is not kept any more: see maskline calls traces');
      continue;
    }
    const step = event === 'step' ? parsed(data) : null;
    if (step === null || !isWanted(step, options)) continue;
    await terminal.print(run.json ? JSON.stringify(step) : line(run, step));
    left.count -= 1;
    if (left.count <= 0) return;
  }
}

function line(run: Invocation, step: Json): string {
  const style = STYLES[String(step['step'])];
  const text = stepText(step);
  const head = [
    shown(step['at']).slice(11, 23),
    shown(step['virtual_number']).padEnd(15),
    shown(step['call_uuid']).slice(0, 8),
  ].join('  ');
  return `${head}  ${style === undefined ? text : run.terminal.paint(style, text)}`;
}

function isWanted(step: Json, options: Options): boolean {
  const to = String(options['to'] ?? '').replace(/^\+/, '');
  return (
    (to === '' || step['virtual_number'] === to) &&
    (options['session'] === undefined || step['session_uuid'] === options['session']) &&
    (options['call'] === undefined || step['call_uuid'] === options['call'])
  );
}

function parsed(data: string): Json | null {
  try {
    return JSON.parse(data) as Json;
  } catch {
    return null;
  }
}
