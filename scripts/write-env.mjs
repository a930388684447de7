// Writes .env for docker-compose.yml, or adds to it what it lacks. What stands there is never changed.
// Prints the names that it added. A variable of the environment is taken over instead of made up.
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

const FILE = new URL('../.env', import.meta.url);
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const secret = (bytes) => () => randomBytes(bytes).toString('hex');
const always = (value) => () => value;

/** The address from which this host would go out: the system is asked for a route, nothing is sent. */
async function hostAddress() {
  const socket = createSocket('udp4');
  try {
    socket.connect(9, '192.0.2.1');
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    // No route out of this host: its own softphones can still reach it.
    return '127.0.0.1';
  } finally {
    socket.close();
  }
}

/** In the order in which they are written. Only the first group is needed for a stack without softphones. */
const SETTINGS = [
  ['HOST_IP', 'Address of this host at which phones and carriers reach it.', hostAddress],
  [
    'TRUNKS',
    'Trunks in order of preference; `softphone` stands for the registered softphones.',
    always('softphone'),
  ],
  [
    'AUTH_ID',
    'The account of the HTTP API: user and password.',
    () => `MA${Array.from({ length: 18 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`,
  ],
  ['AUTH_TOKEN', '', secret(20)],
  [
    'DATA_KEYS',
    'Encrypts numbers and PINs in Redis. Without it the data cannot be read: keep a copy.',
    () => randomBytes(32).toString('base64'),
  ],
  ['FREESWITCH_PASSWORD', 'Between the services.', secret(20)],
  ['QUESTION_SECRET', '', secret(20)],
  ['REDIS_PASSWORD', '', secret(20)],
];
const FIRST_SETTINGS = [
  [
    'SOFTPHONES',
    'Softphones that stand for phones on the public network. For a real trunk: docs/docker.md.',
    always('true'),
  ],
  ['SOFTPHONE_NUMBERS', '', always('15550001001,15550001002')],
  ['SOFTPHONE_PASSWORD', '', secret(8)],
  [
    'SOFTPHONE_WS_PORT',
    'Opens them to browsers too, on a page of the controller: docs/docker.md.',
    always('5066'),
  ],
  [
    'VIRTUAL_NUMBERS',
    'Virtual numbers that are added at the start if they are missing.',
    always('+15550009999,+15550009998'),
  ],
];

const HEAD = '# Written by npm start, and never changed by it again. docs/docker.md lists all variables.\n';

const present = await readFile(FILE, 'utf8').catch((error) => {
  if (error.code === 'ENOENT') return null;
  throw error;
});
const known = new Set(
  [...(present ?? '').matchAll(/^[ \t]*(?:export[ \t]+)?([A-Z_]+)[ \t]*=[ \t]*\S/gm)].map(
    (match) => match[1],
  ),
);
const wanted = present === null ? [...SETTINGS, ...FIRST_SETTINGS] : SETTINGS;

const added = [];
let text = present ?? HEAD;
if (!text.endsWith('\n')) text += '\n';
for (const [name, comment, value] of wanted) {
  if (known.has(name)) continue;
  if (comment !== '') text += `\n# ${comment}\n`;
  text += `${name}=${process.env[name] || (await value())}\n`;
  added.push(name);
}
if (added.length > 0) {
  const draft = new URL(`../.env.${process.pid}`, import.meta.url);
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  await chmod(draft, 0o600);
  await rename(draft, FILE);
}
console.log(added.join(' '));
