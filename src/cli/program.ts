import { Argument, Command, CommanderError } from 'commander';

import { VERSION } from '../version.js';
import { auditCommand } from './commands/audit.js';
import { callbacksCommand } from './commands/callbacks.js';
import { callsCommand } from './commands/calls.js';
import { doctorCommand } from './commands/doctor.js';
import { explainCommand } from './commands/explain.js';
import { numbersCommand } from './commands/numbers.js';
import { personsCommand } from './commands/persons.js';
import { poolCommand } from './commands/pool.js';
import { recordingsCommand } from './commands/recordings.js';
import { sessionsCommand } from './commands/sessions.js';
import { statsCommand } from './commands/stats.js';
import { tailCommand } from './commands/tail.js';
import { completionScript } from './completion.js';
import { CliError, EXIT, type ExitCode } from './errors.js';
import { does } from './invocation.js';
import type { World } from './terminal.js';

const HELP = `
Examples:
  maskline doctor                                             is everything as it should be?
  maskline numbers add +15550009999
  maskline sessions create --first-party +14155550101 --second-party +14155550102
  maskline sessions list --status active --all
  maskline explain --to +15550009999 --from +14155550101      what would happen to that call?
  maskline pool plan                                          do the numbers last, and until when?
  maskline tail                                               calls as they happen
  maskline calls traces --outcome refused
  maskline calls why 0b6e4a1c-6a3f-4a53-9d0e-1d2f3a4b5c6d      why did that call go wrong?
  maskline sessions list --json | jq '.objects[].session_uuid'

Environment, or .env in the working directory:
  MASKLINE_URL           where the API is; else PUBLIC_URL, else http://127.0.0.1:<HTTP_PORT, 8080>
  AUTH_ID, AUTH_TOKEN    the account and its token (or AUTH_TOKEN_FILE, a file that holds it)
  NO_COLOR               no colours
doctor reads all variables of the controller (docs/configuration.md).

Numbers of people and PINs are masked unless --reveal; --json always gives what the API gives.
Results go to standard output, everything else to standard error.

Exit codes: 0 done, 1 failed or refused, 2 usage or settings, 3 not found, 4 credentials,
5 the API cannot be reached, 130 interrupted.`;

/** All commands. */
export function programIn(world: World): Command {
  const program = new Command('maskline')
    .description(
      'Maskline’s command line: number masking, from sessions to what is wrong with the installation.',
    )
    .version(VERSION, '-V, --version')
    .option('--json', 'one JSON document (JSON lines for tail) on standard output, and nothing else there')
    .option('--reveal', 'show numbers of people and PINs in full')
    .option('--url <url>', 'where the API is, instead of MASKLINE_URL')
    .option('--account <id>', 'a subaccount, whose things are asked for with the main account’s credentials')
    .option('--auth-id <id>', 'instead of AUTH_ID')
    .option(
      '--auth-token <token>',
      'instead of AUTH_TOKEN; others on this host see it, so better set the variable',
    )
    .addHelpText('after', HELP);
  for (const make of [
    sessionsCommand,
    numbersCommand,
    callsCommand,
    tailCommand,
    explainCommand,
    recordingsCommand,
    callbacksCommand,
    statsCommand,
    poolCommand,
    personsCommand,
    auditCommand,
    doctorCommand,
  ]) {
    program.addCommand(make(world));
  }
  const completion = program
    .command('completion')
    .description('a script that completes commands and options: eval "$(maskline completion bash)"')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']));
  does(completion, world, async (run, [shell]) => {
    await run.terminal.print(completionScript(program, shell === 'zsh' ? 'zsh' : 'bash'));
  });
  quiet(program, world);
  return program;
}

/** Runs what was typed. Never rejects; answers the exit code. */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  const program = programIn(world);
  try {
    await program.parseAsync(args, { from: 'user' });
    return world.signal.aborted ? EXIT.interrupted : EXIT.ok;
  } catch (error) {
    if (world.signal.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const isExpected = error instanceof CliError;
    // A defect may carry anything in its message: only its name is told.
    const why = isExpected
      ? error.message
      : `a defect: ${error instanceof Error ? error.name : 'unknown'}; please report it`;
    world.stderr.write(`maskline: ${why}\n`);
    if (!isExpected && (world.variables['MASKLINE_DEBUG'] ?? '') !== '' && error instanceof Error) {
      world.stderr.write(`${error.stack ?? ''}\n`);
    }
    return isExpected ? error.exitCode : EXIT.failed;
  }
}

/** Throws instead of ending the process, and writes where the world says, in every command. */
function quiet(command: Command, world: World): void {
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      getOutHelpWidth: () => (world.stdout.isTTY === true ? (world.stdout.columns ?? 80) : 110),
      getErrHelpWidth: () => (world.stderr.isTTY === true ? (world.stderr.columns ?? 80) : 110),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const each of command.commands) quiet(each, world);
}
