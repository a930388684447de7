/** Random and mutated requests at the API of a running controller, with right, wrong and no credentials. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUTH_ID } from '../helpers/stack.js';
import { SimBed } from '../helpers/sim-bed.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import { Findings, type FuzzOptions, type FuzzResult } from './target.js';

/** Connections at a time. */
const WIDTH = 24;
/** Requests over one connection, as long as it stays open. */
const PER_CONNECTION = 20;
/** Milliseconds without a byte after which a connection is given up: a request cut short is waited for. */
const SILENCE = { whole: 10_000, broken: 150 };

/** People and PINs of a session that exists: only who may see them does. */
const HIDDEN = { first: '+447700900641', second: '+491600082563', pin: '71834265', otherPin: '53942716' };
const DID = '+15550009046';

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', ''];
const PATHS = [
  ...[
    'Masking/Session/',
    'Masking/Session',
    'Number/',
    'Call/',
    'Recording/',
    'Subaccount/',
    'Masking/Session//',
  ],
  ...[
    'Masking/Session/{id}/',
    'Masking/Session/{id}/Event/',
    'Masking/Session/{id}/Callback/',
    'Number/{did}/',
  ],
  ...[
    'Call/{id}/',
    'Recording/{id}/',
    'Recording/{id}.wav',
    'Media/{id}.mp3',
    '../../etc/passwd',
    '%2e%2e/%00',
  ],
];
const FIELDS = [
  ...[
    'first_party',
    'second_party',
    'session_expiry',
    'call_time_limit',
    'record',
    'record_file_format',
    'ring_timeout',
  ],
  ...[
    'callback_url',
    'callback_method',
    'first_party_play_url',
    'pin_prompt_play',
    'is_pin_authentication_required',
  ],
  ...[
    'first_party_pin',
    'second_party_pin',
    'pin_retry',
    'pin_retry_wait',
    'generate_pin',
    'generate_pin_length',
  ],
  ...[
    'geomatch',
    'subaccount',
    'virtual_number',
    'limit',
    'offset',
    'number',
    'trunk',
    'enabled',
    'alias',
    'country',
  ],
  ...[
    'created_time__gte',
    'expiry_time__lt',
    'duration__gt',
    'status',
    '__proto__',
    'constructor',
    'name',
    'cool_off',
  ],
];
const TOKENS = [
  ...[
    '\0',
    '\r\n',
    '\r\n\r\n',
    '%00',
    '%0d%0aX: y',
    '%ff',
    '${system touch {canary}}',
    '$(touch {canary})',
    '`touch {canary}`',
  ],
  ...[
    "'; touch {canary}; '",
    'FLUSHALL\r\n',
    '"]]) redis.call("FLUSHALL") --',
    '{"__proto__":{"x":1}}',
    '[[[[[[[[',
    'Infinity',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'Content-Length: 99999999',
    'Content-Length: -1',
    'Expect: 100-continue',
    'Connection: close',
  ],
  ...[
    'Authorization: Basic AAAA',
    'Authorization: Bearer x',
    'Host: ',
    '\u00ff\u00fe',
    'HTTP/9.9',
    'Upgrade: h2c',
    '1e999',
    '-0',
    'NaN',
  ],
  ...[
    'file:///etc/passwd',
    'http://127.0.0.1:6379/',
    'http://[::1]/',
    'javascript:1',
    '../../../../../etc/shadow',
    '+',
    '\u202e',
    '\ud800',
  ],
];

interface Credential {
  readonly name: 'main' | 'subaccount' | 'wrong' | 'none';
  readonly header: string;
  readonly account: string;
}

interface Surroundings {
  readonly port: number;
  readonly session: string;
  readonly canary: string;
  readonly credentials: readonly Credential[];
}

const basic = (id: string, token: string): string =>
  `Authorization: Basic ${Buffer.from(`${id}:${token}`).toString('base64')}\r\n`;

function value(random: Random, { session, canary }: Surroundings): unknown {
  return random.pick<() => unknown>([
    () => random.digits(random.int(0, 40)),
    () => `+${random.digits(random.int(6, 16))}`,
    () => random.int(-5, 100_000),
    () => random.real() * 10 ** random.int(-20, 300),
    () => random.chance(0.5),
    () => null,
    () => random.pick(TOKENS).replaceAll('{canary}', canary),
    () => random.bytes(random.int(0, 200)).toString('latin1'),
    () => 'x'.repeat(random.int(0, 70_000)),
    () => [random.int(0, 9), {}, []],
    () => ({ [random.pick(FIELDS)]: random.digits(4) }),
    () => session,
    () => 'true',
    () => '2026-11-28 10:00:00',
  ])();
}

/** A request that may make sense, but for its values. */
function request(random: Random, who: Credential, around: Surroundings): Buffer {
  const method = random.chance(0.9) ? random.pick(METHODS.slice(0, 3)) : random.pick(METHODS);
  const names = Array.from({ length: random.int(0, 8) }, () => random.pick(FIELDS));
  const pairs = names.map((name): [string, unknown] => [name, value(random, around)]);
  const path = random
    .pick(PATHS)
    .replace('{id}', random.chance(0.5) ? around.session : random.digits(8))
    .replace('{did}', random.chance(0.5) ? DID : random.digits(11));
  const account = random.chance(0.9) ? who.account : random.digits(20);
  const query =
    method === 'GET' || random.chance(0.1)
      ? `?${pairs.map(([name, content]) => `${name}=${encode(String(content))}`).join('&')}`
      : '';
  const body =
    method === 'POST' || random.chance(0.1)
      ? random.chance(0.95)
        ? JSON.stringify(Object.fromEntries(pairs))
        : random.bytes(random.int(0, 300)).toString('latin1')
      : '';
  const type = random.chance(0.9)
    ? 'application/json'
    : random.pick(['text/plain', 'application/x-www-form-urlencoded', 'x']);
  const head =
    `${method} /v1/Account/${account}/${path}${query.slice(0, 6_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n${who.header}` +
    `${body === '' ? '' : `Content-Type: ${type}\r\n`}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

function encode(text: string): string {
  // Half a surrogate pair cannot be encoded.
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '\ufffd'));
}

/** Sends one request after the other; what came back, and how many were sent before the connection closed. */
function exchange(
  port: number,
  from: string,
  requests: readonly Buffer[],
  silence: number,
): Promise<{ answer: string; sent: number }> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    const answers: Buffer[] = [];
    let sent = 0;
    const next = (): void => {
      const bytes = requests[sent];
      if (bytes === undefined) {
        socket.resetAndDestroy();
        return;
      }
      sent += 1;
      socket.write(bytes);
    };
    socket.setTimeout(silence, () => socket.resetAndDestroy());
    socket.on('connect', next);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      answers.push(chunk);
      next();
    });
    socket.on('close', () => resolve({ answer: Buffer.concat(answers).toString('latin1'), sent }));
  });
}

export async function fuzzHttp(options: FuzzOptions): Promise<FuzzResult> {
  const startedAt = performance.now();
  const findings = new Findings();
  const random = new Random(options.seed);
  const checked: Record<string, number> = { answers: 0, '2xx': 0, '4xx': 0, 'refused unread': 0 };
  let done = 0;
  const bed = await SimBed.start({ controllers: 1 });
  try {
    const { stack } = bed;
    const [controller] = stack.controllers;
    if (controller === undefined) throw new Error('there is no controller');
    const pid = controller.pid;
    const made = async (path: string, body: unknown): Promise<Record<string, string>> => {
      const answer = await stack.api('POST', path, body);
      if (answer.status !== 201)
        throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body as Record<string, string>;
    };
    await made('/Number/', { number: DID });
    const session = await made('/Masking/Session/', {
      first_party: HIDDEN.first,
      second_party: HIDDEN.second,
      virtual_number: DID,
      is_pin_authentication_required: true,
      first_party_pin: HIDDEN.pin,
      second_party_pin: HIDDEN.otherPin,
      pin_prompt_play: 'https://example.com/pin.wav',
      session_expiry: 86_000,
    });
    const sub = await made('/Subaccount/', { name: 'fuzzed', enabled: true });
    const around: Surroundings = {
      port: Number(new URL(controller.url).port),
      session: session['session_uuid'] ?? '',
      canary: join(stack.folder, 'canary'),
      credentials: [
        // The main account may see everything: it is there to get beyond the door.
        { name: 'main', header: basic(AUTH_ID, stack.authToken), account: AUTH_ID },
        {
          name: 'subaccount',
          header: basic(sub['auth_id'] ?? '', sub['auth_token'] ?? ''),
          account: sub['auth_id'] ?? '',
        },
        { name: 'wrong', header: basic(AUTH_ID, 'not-the-token'), account: AUTH_ID },
        { name: 'none', header: '', account: AUTH_ID },
      ],
    };
    const secrets = [HIDDEN.first.slice(1), HIDDEN.second.slice(1), HIDDEN.pin, HIDDEN.otherPin];
    const tokens = TOKENS.map((token) => token.replaceAll('{canary}', around.canary));

    const look = (id: number, who: Credential, sent: readonly Buffer[], answer: string): void => {
      const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status ?? '');
      if (statuses.length === 0) checked['refused unread'] = (checked['refused unread'] ?? 0) + 1;
      for (const status of statuses) {
        checked['answers'] = (checked['answers'] ?? 0) + 1;
        const class_ = `${status[0] ?? '?'}xx`;
        checked[class_] = (checked[class_] ?? 0) + 1;
      }
      const told = (): string =>
        `${who.name}, request ${id}: ${sent.map((bytes) => bytes.toString('latin1').slice(0, 600)).join(' | ')}`;
      if (statuses.some((status) => status.startsWith('5')))
        findings.add(`a 5xx: ${told()}\n${answer.slice(0, 2_000)}`);
      if (who.name === 'main') return;
      const asked = Buffer.concat(sent).toString('latin1');
      for (const secret of secrets) {
        if (answer.includes(secret) && !asked.includes(secret))
          findings.add(`${secret} was told to ${told()}`);
      }
      if (who.name !== 'subaccount' && statuses.includes('200') && /"api_id"/.test(answer)) {
        findings.add(`an answer of 200 to ${told()}`);
      }
    };

    await Promise.all(
      Array.from({ length: WIDTH }, async () => {
        while (done < options.count) {
          const id = done;
          const who = random.pick(around.credentials);
          const broken = random.chance(0.4);
          const length = broken ? 1 : Math.min(PER_CONNECTION, options.count - done);
          const requests = Array.from({ length }, () => {
            const whole = request(random, who, around);
            return broken ? mutate(whole, random, tokens) : whole;
          });
          // Many addresses: a hundred thousand connections from one use up its ports.
          const from = `127.0.${random.int(0, 3)}.${random.int(2, 250)}`;
          const silence = broken ? SILENCE.broken : SILENCE.whole;
          const { answer, sent } = await exchange(around.port, from, requests, silence);
          look(id, who, requests.slice(0, sent), answer);
          done += sent;
          if (Math.floor(done / 1_000) > Math.floor((done - sent) / 1_000)) options.progress(done);
        }
      }),
    );

    if (controller.pid !== pid) findings.add('the controller was replaced');
    const alive = await stack.api('GET', `/Masking/Session/${around.session}`).catch(() => null);
    if (alive === null) findings.add('the controller answers no more');
    // The main account's own requests may have changed or ended it, as they may; it cannot be gone.
    else if (alive.status !== 200) findings.add(`the session is gone: ${alive.status}`);
    if (existsSync(around.canary)) findings.add('a command was executed: the canary file is there');
    // The controller writes its log as it goes.
    await sleep(300);
    const log = await readFile(controller.logFile, 'latin1');
    checked['log lines'] = log.split('\n').length;
    for (const secret of [...secrets, stack.authToken, sub['auth_token'] ?? '']) {
      const line = log.split('\n').find((text) => text.includes(secret));
      if (line !== undefined) findings.add(`the log shows a secret: ${line.slice(0, 500)}`);
    }
    if (/"level":"fatal"|a defect/.test(log)) findings.add('the controller met a defect: see its log');
  } finally {
    await bed.close();
  }
  return {
    target: 'http',
    sent: done,
    elapsedMs: performance.now() - startedAt,
    checked,
    findings: findings.list,
  };
}
