import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Clock } from '../../../sandbox/clock.js';
import { SimulatedFreeSwitch } from '../../../sandbox/simulated-freeswitch.js';
import { spawnCli, type CliOptions, type CliResult } from '../../helpers/cli.js';
import { freeTcpPort } from '../../helpers/ports.js';
import { RedisServer } from '../../helpers/redis-server.js';
import { S3Server } from '../../helpers/s3-server.js';
import { SimBed } from '../../helpers/sim-bed.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
const SOUNDS = join(ROOT, 'freeswitch/sounds/en');
const FIRST = '+447700900151';

type Environment = Readonly<Record<string, string>>;

let bed: SimBed;
let healthy: Environment;
let folder: string;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  // On a machine that is busy with other tests a process may stand still for long.
  bed = await SimBed.start({ controllers: 1, environment: { WATCHDOG_LIMIT_MS: '0' } });
  const lane = await bed.lane();
  const created = await bed.stack.api('POST', '/Masking/Session/', {
    ...{ first_party: FIRST, second_party: '+447700900152', virtual_number: lane.did, geomatch: false },
  });
  expect(created.status).toBe(201);
  healthy = { ...bed.stack.controllers[0]!.environment, RECORDING_DISK_FLOOR_MB: '0' };
  folder = await mkdtemp(join(tmpdir(), 'maskline-doctor-'));
}, 90_000);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await rm(folder, { recursive: true, force: true });
  await bed.close();
});

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly cause: string;
  readonly cure: string;
}

/** What the doctor says of the healthy set-up with these changes: its lines, and the findings behind them. */
async function examined(
  changes: Environment,
  options: CliOptions = {},
): Promise<CliResult & { line: (beginning: string) => string; fails: readonly string[] }> {
  const result = await spawnCli(['doctor'], { environment: { ...healthy, ...changes }, ...options });
  const lines = result.stdout.split('\n');
  return {
    ...result,
    line: (beginning) => lines.find((line) => line.slice(6).startsWith(beginning)) ?? '',
    fails: lines.filter((line) => line.startsWith('FAIL')),
  };
}

/** A FreeSWITCH of one's own beside the healthy one; answers the variables that lead to it. */
async function anotherNode(options: { soundsDir?: string; clock?: Clock }): Promise<Environment> {
  const { stack } = bed;
  const node = new SimulatedFreeSwitch({
    dialplanFile: join(ROOT, 'dialplan/masking.xml'),
    soundsDir: options.soundsDir ?? SOUNDS,
    questionHosts: stack.questionHosts.split('|'),
    questionSecret: stack.questionSecret,
    password: stack.eventSocketPassword,
    cdrDir: stack.cdrDir,
    cdrHosts: stack.cdrHosts.split('|'),
    trunks: { spare: 'up', lane0: 'up' },
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  await node.start();
  closing.push(() => node.stop());
  return { FREESWITCH_NODES: `127.0.0.1:${node.eventSocketPort}` };
}

async function anotherRedis(args: readonly string[]): Promise<RedisServer> {
  const redis = await RedisServer.start(args);
  closing.push(() => redis.stop());
  return redis;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('maskline doctor', { timeout: 60_000 }, () => {
  it('finds nothing wrong where nothing is', async () => {
    const { code, stdout, fails, line } = await examined({});
    expect(fails).toEqual([]);
    expect(code).toBe(0);
    expect(stdout.match(/^warn/gm)).toBeNull();
    expect(line('trunk spare')).toContain('the carrier answers OPTIONS');
    expect(line('DATA_KEYS')).toContain('they open what Redis holds (1 sessions looked at)');
    expect(line('PUBLIC_URL')).toContain('this controller answers, and takes AUTH_ID and AUTH_TOKEN');
    expect(line('QUESTION_SECRET of the controller')).toContain('the running controller has the same');
  });

  it('shows neither a secret nor a number, and gives the same as one JSON document', async () => {
    const { stdout, stderr, code } = await spawnCli(['doctor', '--json'], { environment: healthy });
    const report = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
    expect(code).toBe(0);
    expect(report.healthy).toBe(true);
    expect(report.findings.map(({ check }) => check)).toContain('redis.durability');
    const secrets = ['AUTH_TOKEN', 'FREESWITCH_PASSWORD', 'QUESTION_SECRET', 'DATA_KEYS'];
    for (const text of [...secrets.map((name) => healthy[name]!), FIRST.slice(1)]) {
      expect(stdout + stderr).not.toContain(text);
    }
  });

  it('a bucket for recordings that works, and what is wrong with one that does not', async () => {
    const server = await S3Server.start();
    closing.push(() => server.close());
    const right = await examined(server.environment());
    expect(right.line('bucket for recordings')).toContain('an object was written, read and deleted');
    expect([right.code, (await server.objects()).size]).toEqual([0, 0]);
    const wrong = { ...server.environment(), RECORDING_S3_SECRET_KEY: 'kept/secret+for=us' };
    const refused = await examined(wrong);
    expect(refused.line('bucket for recordings')).toContain('it refuses the secret key');
    expect(refused.code).toBe(1);
    expect(refused.stdout + refused.stderr).not.toContain('kept/secret');
    const none = await examined({ ...server.environment(), RECORDING_S3_BUCKET: 'there-is-none' });
    expect(none.line('bucket for recordings')).toContain('there is no such bucket');
    const away = server.environment(`http://127.0.0.1:${await freeTcpPort()}`);
    expect((await examined(away)).line('bucket for recordings')).toContain('nothing listens there');
  });

  it('a bad value in the configuration, every one of them, and goes on with the rest', async () => {
    const { code, line, stdout } = await examined({ HTTP_PORT: 'banana', LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(line('HTTP_PORT —')).toBe(
      'FAIL  HTTP_PORT — must be a whole number from 1 to 65535 (a port); correct or remove it',
    );
    expect(line('LOG_LEVEL')).toMatch(/^FAIL {2}LOG_LEVEL — is not a level; use one of trace, /);
    expect(line('HTTP_PORT 0')).toBe('');
    expect(stdout).toContain('not checked: needs a HTTP_PORT that can be used');
    expect(line('Redis append-only file')).toMatch(/^ok/);
  });

  it('a password that Redis does not take, or one that is missing', async () => {
    const password = randomBytes(12).toString('hex');
    const redis = await anotherRedis(['--requirepass', password]);
    const wrong = await examined({ REDIS_URL: `redis://:nonsense@127.0.0.1:${redis.port}` });
    expect(wrong.code).toBe(1);
    expect(wrong.line('Redis')).toBe(
      `FAIL  Redis — 127.0.0.1:${redis.port}: it refuses the password; put the password of its requirepass (or of the ACL user) into REDIS_URL`,
    );
    const none = await examined({ REDIS_URL: redis.url });
    expect(none.line('Redis')).toContain(
      'it wants a password and REDIS_URL has none; write it into REDIS_URL',
    );
    expect(none.line('virtual numbers')).toContain('not checked: needs Redis');
  });

  it('a Redis that is down', async () => {
    const port = await freeTcpPort();
    const { line, code } = await examined({ REDIS_URL: `redis://127.0.0.1:${port}` });
    expect(code).toBe(1);
    expect(line('Redis')).toBe(
      `FAIL  Redis — 127.0.0.1:${port}: nothing listens there; start Redis, or correct host and port in REDIS_URL`,
    );
  });

  it('a Redis without append-only file', async () => {
    const redis = await anotherRedis(['--appendonly', 'no']);
    const { line, code } = await examined({ REDIS_URL: redis.url });
    expect(code).toBe(1);
    expect(line('Redis append-only file')).toBe(
      'FAIL  Redis append-only file — it is off: a crash of Redis loses sessions that clients were told are stored; set appendonly yes and appendfsync always in redis.conf',
    );
  });

  it('a Redis that throws sessions away, and one that is written to the disk late', async () => {
    const redis = await anotherRedis([
      ...['--appendfsync', 'everysec', '--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
    ]);
    const { line } = await examined({ REDIS_URL: redis.url });
    expect(line('Redis memory')).toMatch(
      /^FAIL .*allkeys-lru: it throws sessions away once 100\.0 MiB are used; set maxmemory-policy noeviction/,
    );
    expect(line('Redis append-only file')).toMatch(/^warn .*appendfsync is everysec.*set appendfsync always/);
  });

  it('a Redis that is a replica', async () => {
    const redis = await anotherRedis(['--replicaof', '127.0.0.1', String(bed.stack.redis.port)]);
    const { line } = await examined({ REDIS_URL: redis.url });
    expect(line('Redis')).toMatch(/^FAIL .* is a slave: nothing can be written; name the master/);
  });

  it('DATA_KEYS that are no keys', async () => {
    const { line, code } = await examined({ DATA_KEYS: 'abc' });
    expect(code).toBe(1);
    expect(line('DATA_KEYS')).toBe(
      'FAIL  DATA_KEYS — has a key that is not base64 of 32 bytes; make each one with: openssl rand -base64 32',
    );
  });

  it('DATA_KEYS that do not open what Redis holds', async () => {
    const { line, code } = await examined({ DATA_KEYS: randomBytes(32).toString('base64') });
    expect(code).toBe(1);
    expect(line('DATA_KEYS')).toBe(
      'FAIL  DATA_KEYS — 1 of 1 sessions were sealed with a key that is not among them; add the old key behind the new one, with a comma between; without it they stay unreadable',
    );
  });

  it('a password that FreeSWITCH does not take', async () => {
    const { line, code } = await examined({ FREESWITCH_PASSWORD: randomBytes(16).toString('hex') });
    expect(code).toBe(1);
    expect(line('FreeSWITCH')).toMatch(
      /^FAIL .* — it refuses the password; set FREESWITCH_PASSWORD to the one/,
    );
    expect(line('trunk spare')).toContain('not checked: needs the Event Socket');
    expect(line('Redis')).toMatch(/^ok/);
  });

  it('a FreeSWITCH that is down', async () => {
    const port = await freeTcpPort();
    const { line, code } = await examined({ FREESWITCH_NODES: `127.0.0.1:${port}` });
    expect(code).toBe(1);
    expect(line('FreeSWITCH')).toBe(
      `FAIL  FreeSWITCH 127.0.0.1:${port} — nothing listens there; start FreeSWITCH, or correct FREESWITCH_NODES`,
    );
  });

  it('a FreeSWITCH whose access list does not name us', async () => {
    const text = 'Access Denied, go away.\n';
    const rude = createServer((socket) =>
      socket.end(`Content-Type: text/rude-rejection\nContent-Length: ${text.length}\n\n${text}`),
    );
    const { line } = await examined({ FREESWITCH_NODES: `127.0.0.1:${await listening(rude)}` });
    expect(line('FreeSWITCH')).toMatch(
      /^FAIL .*its access list does not name this host \("rude rejection"\); add .* to EVENT_SOCKET_ALLOW/,
    );
  });

  it('a trunk that FreeSWITCH does not know', async () => {
    const { line, code, fails } = await examined({ TRUNKS: 'spare,acme' });
    expect(code).toBe(1);
    expect(fails).toHaveLength(1);
    expect(line('trunk acme')).toBe(
      'FAIL  trunk acme — FreeSWITCH has no gateway of that name: calls through it fail; put acme.xml into freeswitch/trunks and restart FreeSWITCH, or correct TRUNKS (or the number that prefers it)',
    );
  });

  it('a trunk whose carrier does not answer OPTIONS', async () => {
    bed.freeswitch.phones.setTrunk('spare', 'silent');
    const { line, code } = await examined({});
    bed.freeswitch.phones.setTrunk('spare', 'up');
    expect(code).toBe(1);
    expect(line('trunk spare')).toMatch(
      /^FAIL .*the carrier does not answer OPTIONS: .*; see host and port in its file/,
    );
  });

  it('a recordings folder that this user may not write to', async () => {
    const recordings = join(folder, 'recordings');
    await mkdir(recordings, { mode: 0o555 });
    const { line, code, stderr } = await examined(
      { RECORDINGS_DIR: recordings },
      { isBoundByPermissions: true },
    );
    expect(code, stderr).toBe(1);
    expect(line(`RECORDINGS_DIR ${recordings}`)).toMatch(
      /^FAIL .* — not writable for user \d+ \(EACCES\); give it to the controller’s user: chown/,
    );
  });

  it('a prompt that is missing, and one that cannot be played', async () => {
    const sounds = join(folder, 'sounds');
    await cp(SOUNDS, sounds, { recursive: true });
    await rm(join(sounds, 'enter-pin.wav'));
    const node = await anotherNode({ soundsDir: sounds });
    const missing = await examined(node);
    expect(missing.code).toBe(1);
    expect(missing.line('prompts')).toMatch(
      /^FAIL .*FreeSWITCH cannot read enter-pin\.wav in .*: callers hear silence; see PROMPT_LANGUAGE and SOUNDS_DIR/,
    );
    await writeFile(join(sounds, 'enter-pin.wav'), 'no audio at all');
    const broken = await examined(node);
    expect(broken.line('prompts')).toMatch(
      /^FAIL .*enter-pin\.wav cannot be played: .*; replace it: WAVE, 8 kHz/,
    );
  });

  it('a question port that another program has', async () => {
    const stranger = createServer((socket) => socket.write('220 mail.example.com ESMTP\r\n'));
    const port = await listening(stranger);
    const { line, code } = await examined({ QUESTION_PORT: String(port) });
    expect(code).toBe(1);
    expect(line('QUESTION_PORT')).toBe(
      `FAIL  QUESTION_PORT 127.0.0.1:${port} — another program has it: the controller cannot start; end that program (ss -ltnp shows it), or choose another QUESTION_PORT`,
    );
    expect(line('questions of')).toMatch(/^FAIL .*none is port \d+; set QUESTION_HOSTS of FreeSWITCH/);
  });

  it('a CDR port that another program has, which is told no secret', async () => {
    const told: IncomingHttpHeaders[] = [];
    const other = createHttpServer((request, response) => {
      told.push(request.headers);
      response.writeHead(401).end();
    });
    const port = await listening(other);
    const { line, code } = await examined({ CDR_PORT: String(port) });
    expect(code).toBe(1);
    expect(line('CDR_PORT')).toMatch(/^FAIL .* — another program has it/);
    expect(told.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('a FreeSWITCH whose clock is wrong', async () => {
    const clock = new Clock();
    await clock.advance(90_000);
    const { line, code } = await examined(await anotherNode({ clock }));
    expect(code).toBe(1);
    expect(line('clock of FreeSWITCH')).toMatch(
      /^FAIL .* — (89|9\d)\.\d s ahead of this host’s; run an NTP client/,
    );
    expect(line('clock of Redis')).toMatch(/^ok/);
  });

  it('a PUBLIC_URL that leads elsewhere', async () => {
    const elsewhere = createHttpServer((_, response) => response.end('<h1>It works!</h1>'));
    const url = `http://127.0.0.1:${await listening(elsewhere)}`;
    const { line, code } = await examined({ PUBLIC_URL: url });
    expect(code).toBe(1);
    expect(line('PUBLIC_URL')).toBe(
      `FAIL  PUBLIC_URL ${url} — something else answers there: links in answers and callbacks lead astray; set PUBLIC_URL to the URL under which clients reach this controller, or point the proxy at it`,
    );
  });

  it('a controller that runs with other credentials and another secret', async () => {
    const other = randomBytes(16).toString('hex');
    const { line, code } = await examined({ AUTH_TOKEN: other, QUESTION_SECRET: other });
    expect(code).toBe(1);
    expect(line('PUBLIC_URL')).toMatch(
      /^FAIL .*does not take AUTH_ID and AUTH_TOKEN.*; correct PUBLIC_URL, or restart/,
    );
    expect(line('QUESTION_SECRET of the controller')).toMatch(/^FAIL .*has another/);
    expect(line('QUESTION_SECRET of 127')).toMatch(
      /^FAIL .*FreeSWITCH has another: its questions are refused/,
    );
  });

  it('a .env that is for docker compose', async () => {
    const place = join(folder, 'compose');
    await mkdir(place);
    await writeFile(join(place, '.env'), 'REDIS_PASSWORD=abcdef0123456789abcdef\nHOST_IP=127.0.0.1\n');
    const environment = { ...healthy, REDIS_URL: '' };
    const result = await spawnCli(['doctor'], { environment, folder: place });
    expect(result.stdout).toContain('run this inside: docker compose exec controller maskline doctor');
  });
});
