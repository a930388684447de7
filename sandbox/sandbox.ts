/**
 * Maskline without telephony, to try it and to test against: the real controller, API and Redis; a simulated FreeSWITCH
 * and phones that do as they are told over `/sandbox/`. Runs until Ctrl-C.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { sandboxRoutes } from './routes.js';
import { FASTEST, Sandbox } from './system.js';

const ACCOUNT = { id: 'MASANDBOXSANDBOX0000', token: 'sandbox-token-not-a-secret' };
/** Numbers that nobody has: North America's 555, and Ofcom's for drama. */
const VIRTUAL_NUMBERS = ['+15550001000', '+15550001001', '+15550001002', '+442079460000', '+442079460001'];

const USAGE = `Usage: npm run sandbox [-- --port 8080 --speed 1]

Starts the real controller and API with a Redis of their own, and a simulated FreeSWITCH with phones that do as they are
told over http://127.0.0.1:<port>/sandbox/. Nothing leaves this machine, and nothing is kept once it ends.

  --port 8080    of the API, on 127.0.0.1
  --speed 1      how many times as fast as real time, at most 100; it can be changed while it runs
  --help         print this and exit

docs/sandbox.md shows how to test an integration with it.
`;

function banner(sandbox: Sandbox): string {
  const { url, clock } = sandbox;
  const api = `${url}/v1/Account/${ACCOUNT.id}`;
  const json = "-H 'content-type: application/json'";
  return `Maskline's sandbox: real controller, API and Redis; FreeSWITCH and phones are simulated.

  console    ${url}/console/      (log in with this user and password)
  API        ${api}/      (reference: ${url}/docs/)
  user       ${ACCOUNT.id}
  password   ${ACCOUNT.token}
  numbers    ${VIRTUAL_NUMBERS.join(' ')}
  time       ${clock.speed} times as fast as real time
  phones     every phone answers after 2 s, unless it is told otherwise

1. A session between two people, with PINs:

  curl -u ${ACCOUNT.id}:${ACCOUNT.token} ${json} ${api}/Masking/Session/ \\
    -d '{"first_party":"+447700900101","second_party":"+4915550102030","virtual_number":"+15550001000","geomatch":false,
         "is_pin_authentication_required":true,"first_party_pin":"4711","second_party_pin":"8822","pin_prompt_play":"https://example.com/pin.wav"}'

2. The first person calls the virtual number:

  curl ${json} ${url}/sandbox/Call/ -d '{"from":"+447700900101","to":"+15550001000"}'

3. What became of it: the caller's phone, the other phone, and the session:

  curl '${url}/sandbox/Call/<uuid>/?wait_for=answered'
  curl ${url}/sandbox/Phone/+4915550102030/
  curl -u ${ACCOUNT.id}:${ACCOUNT.token} ${api}/Masking/Session/

4. Hang up; let the other phone be busy from now on; let an hour pass:

  curl -X DELETE ${url}/sandbox/Call/<uuid>/
  curl ${json} ${url}/sandbox/Phone/+4915550102030/ -d '{"does":"busy"}'
  curl ${json} ${url}/sandbox/Time/ -d '{"advance":3600}'

What would happen to a call, and why:

  curl -u ${ACCOUNT.id}:${ACCOUNT.token} '${api}/Masking/Explain/?from=447700900101&to=15550001000'

Ctrl-C ends it.
`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      speed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [port, speed] = [Number(values.port), Number(values.speed)];
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    refuse('--port has to be a number from 1 to 65535');
  if (!(speed > 0 && speed <= FASTEST)) refuse(`--speed has to be a number above 0, and at most ${FASTEST}`);
  const sandbox = await Sandbox.start({
    account: ACCOUNT,
    virtualNumbers: VIRTUAL_NUMBERS,
    httpPort: port,
    speed,
    otherwise: { kind: 'answer', afterMs: 2_000 },
    // Callbacks and prompts of a test are on this machine; probing it is what it is for.
    environment: {
      LOG_LEVEL: 'warn',
      API_ANONYMOUS_LIMIT: '0',
      CALLBACK_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
      PROMPT_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
    },
    routes: sandboxRoutes,
  });
  process.stdout.write(banner(sandbox));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await sandbox.stop();
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

try {
  await main();
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code !== 'EADDRINUSE') throw error;
  process.stderr.write('the port is taken: choose another one with --port\n');
  process.exitCode = 1;
}
