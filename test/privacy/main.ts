/** Looks for people's numbers and PINs in everything that a running stack leaves behind: `npm run verify:privacy`. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { table } from '../../bench/lib/statistics.js';
import { composeStack, isComposeUp } from './compose-stack.js';
import { localStack } from './local-stack.js';
import { CannotCheckError, needed, type RunningStack } from './running-stack.js';
import { verifyPrivacy } from './verify.js';

const HELP = `npm run verify:privacy -- [--json] [--local --controller-log FILE --freeswitch-log FILE --redis-folder DIR]

Calls through a stack that is up, with two softphones that write their numbers into every header that can hold
one: a registered caller, the other direction, a refusal, a stranger with a wrong PIN and a right one. Then looks
for those numbers and PINs in what each phone received, in the logs, in Redis and its files, in names of files,
and in what the API refused. Prints a table; exit code 0 when all passed, 1 when something was found, 2 when the
check could not be made. It adds two virtual numbers and two sessions, and removes them.

  (default)   the stack of docker-compose.yml on this host; settings from .env
  --local     a stack without Docker on this host; settings from the environment: AUTH_ID, AUTH_TOKEN, REDIS_URL,
              HTTP_PORT, SOFTPHONE_PORT, SOFTPHONE_PASSWORD, SOFTPHONE_NUMBERS, RECORDINGS_DIR, PROMPTS_DIR, CDR_DIR
  --controller-log, --freeswitch-log   files that they log to; may be given more than once
  --redis-folder                       folder of Redis' append-only files (appendonlydir)
  --json      the table as JSON

The softphone profile has to be on (SOFTPHONES=true); on a production stack, for as long as the check runs.
`;

interface Arguments {
  readonly local: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly 'controller-log': readonly string[];
  readonly 'freeswitch-log': readonly string[];
  readonly 'redis-folder': string;
}

function given(): Arguments {
  try {
    return parseArgs({
      options: {
        local: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        'controller-log': { type: 'string', multiple: true, default: [] },
        'freeswitch-log': { type: 'string', multiple: true, default: [] },
        'redis-folder': { type: 'string', default: '' },
      },
    }).values;
  } catch (error) {
    throw new CannotCheckError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

async function stackOf(options: Arguments): Promise<RunningStack> {
  if (!options.local) {
    if (!(await isComposeUp())) {
      throw new CannotCheckError(
        'no stack of docker-compose.yml runs here: npm start, or --local (see --help)',
      );
    }
    if (existsSync('.env')) process.loadEnvFile('.env');
    return composeStack(process.env);
  }
  for (const name of ['controller-log', 'freeswitch-log', 'redis-folder'] as const) {
    if (options[name].length === 0) throw new CannotCheckError(`--local needs --${name} (see --help)`);
  }
  needed(process.env, 'REDIS_URL');
  return localStack(process.env, {
    controllerLogs: options['controller-log'],
    freeswitchLogs: options['freeswitch-log'],
    redisFolder: options['redis-folder'],
  });
}

async function main(): Promise<number> {
  const options = given();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stack = await stackOf(options);
  const checks = await verifyPrivacy(stack, (what) => process.stderr.write(`… ${what}\n`));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  } else {
    const rows = checks.map(({ area, what, looked, passed, found }) => [
      area,
      what.padEnd(Math.max(...checks.map((check) => check.what.length))),
      looked,
      passed ? 'passed' : 'FAILED',
      found,
    ]);
    process.stdout.write(`${table([['', 'looked for traces in', 'how much', 'result', ''], ...rows])}\n`);
    const failed = checks.filter(({ passed }) => !passed).length;
    const sum =
      failed === 0 ? 'no trace of anybody was found' : `${failed} of ${checks.length} checks failed`;
    process.stdout.write(`\n${new Date().toISOString()}: ${sum}.\n`);
  }
  return checks.every(({ passed }) => passed) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CannotCheckError)) throw error;
  process.stderr.write(`verify:privacy: ${error.message}\n`);
  process.exitCode = 2;
}
