/** Random and mutated SIP messages at both profiles of a real FreeSWITCH, from a carrier's address and from a stranger's. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EslConnection } from '../../src/freeswitch/connection.js';
import { freeUdpPort } from '../e2e/helpers/sipp.js';
import { RealFreeSwitch } from '../e2e/helpers/real-freeswitch.js';
import { Stack } from '../helpers/stack.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import { Findings, type FuzzOptions, type FuzzResult } from './target.js';

/** Messages a second: more than a flood from one phone, less than FreeSWITCH drops. */
const RATE = 600;
/** Every how many messages FreeSWITCH is looked at. */
const LOOK_EVERY = 2_500;
/** Longest that calls which nobody acknowledges may last after the last message, in milliseconds. */
const CALLS_END_WITHIN = 120_000;

const DID = '+15550009046';
const PEOPLE = { first: '+447700931728', second: '+491600082563' };
const SOFTPHONE = '+336100057394';
const SOFTPHONE_PASSWORD = 'a-softphone-password';
const MARK = 'fuzz_mark';

const METHODS = [
  ...[
    'INVITE',
    'REGISTER',
    'OPTIONS',
    'MESSAGE',
    'SUBSCRIBE',
    'NOTIFY',
    'REFER',
    'INFO',
    'UPDATE',
    'PRACK',
    'PUBLISH',
  ],
  ...['ACK', 'BYE', 'CANCEL', 'FOO', 'invite', 'REGISTERREGISTERREGISTER'],
];

function tokens(canary: string): string[] {
  const commands = [`global_setvar ${MARK}=set`, `system touch ${canary}`, `bgapi system touch ${canary}`];
  return [
    ...commands.flatMap((command) => [
      `\${${command.replace(' ', '(')})}`,
      `api+${command.replaceAll(' ', '+')}`,
      `sip:api+${encodeURIComponent(command)}@127.0.0.1`,
      `$\${${command}}`,
    ]),
    ...[
      '\0',
      '\r\n',
      '\r\n\r\n',
      '\n ',
      '%00',
      '%0d%0a',
      '<sip:',
      '>',
      '"',
      ';tag=',
      ';lr',
      ',',
      '|',
      '[',
      '{',
      '^^:',
      '@',
    ],
    ...[
      'sip:',
      'sips:',
      'tel:',
      'sip:a@b:99999',
      'sip:@',
      'sip:%@%',
      '999.999.999.999',
      '[::1]',
      'a=rtpmap:',
      'm=audio 0',
    ],
    ...[
      'Content-Length: 99999',
      'Content-Length: -1',
      'Max-Forwards: 0',
      'Expires: 4294967295',
      'Replaces: x;to-tag=1;from-tag=2',
    ],
    ...[
      'Content-Type: freeswitch/api-request',
      'Refer-To: <sip:thief@127.0.0.9>',
      'Call-Info: <sip:x>;answer-after=0',
    ],
    ...[
      'Proxy-Authorization: Digest username="x"',
      'Identity: AAAA',
      'Privacy: id',
      'Event: presence',
      'X-FS-Support: update_display',
    ],
    ...[
      '\u00ff\u00fe',
      '\u00e9',
      'bridge:sofia/gateway/x/1',
      'sched_transfer',
      'inline',
      'socket:127.0.0.1:1',
      '\t',
    ],
    ...[DID, DID.slice(1), PEOPLE.first, SOFTPHONE.slice(1), 'anonymous', '911', '112'],
  ];
}

interface Place {
  readonly port: number;
  readonly address: string;
  readonly localPort: number;
}

/** A message that may make sense. */
function message(random: Random, { port, address, localPort }: Place, canary: string): Buffer {
  const method = random.chance(0.35) ? 'INVITE' : random.pick(METHODS);
  const to = random.pick([
    DID,
    DID,
    DID.slice(1),
    SOFTPHONE.slice(1),
    '',
    `api+global_setvar+${MARK}=uri`,
    random.digits(random.int(1, 40)),
  ]);
  const from = random.pick([
    PEOPLE.first,
    PEOPLE.first.slice(1),
    'anonymous',
    '',
    DID,
    random.digits(11),
    `\${system(touch ${canary})}`,
  ]);
  const callId = random.digits(12);
  const hasSdp = method === 'INVITE' || random.chance(0.1);
  const body = hasSdp
    ? [
        ...[
          'v=0',
          `o=- 1 1 IN IP4 ${address}`,
          's=-',
          `c=IN IP4 ${address}`,
          't=0 0',
          `m=audio ${random.int(0, 65_535)} RTP/AVP 0 8 101`,
        ],
        ...['a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=sendrecv', ''],
      ].join('\r\n')
    : random.chance(0.3)
      ? `global_setvar:${MARK}=body`
      : '';
  const type = hasSdp
    ? 'application/sdp'
    : random.pick([
        'text/plain',
        'freeswitch/api-request',
        'application/simple-message-summary',
        'message/sipfrag',
      ]);
  const lines = [
    `${method} sip:${to}@127.0.0.1:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:${localPort};branch=z9hG4bK${random.digits(10)};rport`,
    `From: "${random.pick(['', 'Anna', '\u00e9', '\${global_getvar(x)}'])}" <sip:${from}@carrier.example>;tag=${random.digits(6)}`,
    `To: <sip:${to}@127.0.0.1:${port}>${random.chance(0.1) ? `;tag=${random.digits(5)}` : ''}`,
    `Call-ID: ${callId}`,
    `CSeq: ${random.int(1, 99)} ${method}`,
    'Max-Forwards: 70',
    `Contact: <sip:${from}@${address}:${localPort}>`,
    ...(random.chance(0.3) ? [`P-Asserted-Identity: <sip:${random.digits(11)}@carrier.example>`] : []),
    ...(random.chance(0.2) ? [`X-Fuzz: ${random.digits(8)}`] : []),
    ...(body === '' ? [] : [`Content-Type: ${type}`]),
    `Content-Length: ${Buffer.byteLength(body, 'latin1')}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

/** A UDP endpoint that sends anything and keeps count of what comes back. */
class Endpoint {
  readonly #socket: Socket;

  private constructor(
    socket: Socket,
    readonly address: string,
  ) {
    this.#socket = socket;
  }

  static async open(
    address: string,
    heard: (text: string, port: number, reply: (text: string) => void) => void,
    port = 0,
  ): Promise<Endpoint> {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    // A port that is closed again while FreeSWITCH answers: nothing of ours is wrong.
    socket.on('error', () => undefined);
    socket.on('message', (data, { port: source }) =>
      heard(data.toString('latin1'), source, (text) =>
        socket.send(Buffer.from(text, 'latin1'), source, '127.0.0.1'),
      ),
    );
    return new Endpoint(socket, address);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(bytes: Buffer, port: number): void {
    this.#socket.send(bytes, port, '127.0.0.1', () => undefined);
  }

  close(): void {
    this.#socket.close();
  }
}

/** A 486 for an INVITE, so that a call which gets through is short. */
function busy(invite: string): string {
  const kept = invite.split(/\r?\n/).filter((line) => /^(Via|From|Call-ID|CSeq)\s*:/i.test(line));
  const to = /^To\s*:.*$/im.exec(invite)?.[0] ?? 'To: <sip:x>';
  return ['SIP/2.0 486 Busy Here', ...kept, `${to};tag=busy`, 'Content-Length: 0', '', ''].join('\r\n');
}

export async function fuzzSip(options: FuzzOptions): Promise<FuzzResult> {
  const startedAt = performance.now();
  const findings = new Findings();
  const random = new Random(options.seed);
  const checked = { answers: 0, 'calls to the party': 0, looks: 0 };
  const stack = await Stack.prepare({
    controllers: 1,
    trunks: ['carrier'],
    environment: { LOG_LEVEL: 'info' },
  });
  const trunkPort = await freeUdpPort();
  const canary = join(stack.folder, 'canary');
  const ends: (() => unknown)[] = [() => stack.close()];
  try {
    const freeswitch = await RealFreeSwitch.beside(stack, {
      trunks: [{ name: 'carrier', port: trunkPort }],
      environment: { SOFTPHONE_PASSWORD, SOFTPHONE_NUMBERS: SOFTPHONE.slice(1) },
    });
    ends.push(() => freeswitch.end('SIGKILL'));
    await stack.startControllers();
    const { pid } = freeswitch;
    const control = await freeswitch.control();
    ends.push(() => control.close());
    for (const [path, body] of [
      ['/Number/', { number: DID, trunk: 'carrier' }],
      [
        '/Masking/Session/',
        { first_party: PEOPLE.first, second_party: PEOPLE.second, virtual_number: DID, geomatch: false },
      ],
    ] as const) {
      const { status } = await stack.api('POST', path, body);
      if (status !== 201) throw new Error(`${path} answered ${status}`);
    }

    let carriersTurn = false;
    // The party's carrier: what comes here is a call that got through.
    const party = await Endpoint.open(
      '127.0.0.1',
      (text, _port, reply) => {
        if (!text.startsWith('INVITE ')) return;
        reply(busy(text));
        checked['calls to the party'] += 1;
        if (!carriersTurn) findings.add(`a stranger's message led to a call:\n${text}`);
        const called = /^INVITE sip:([^@;>]+)@/.exec(text)?.[1] ?? '';
        if (called !== PEOPLE.first && called !== PEOPLE.second)
          findings.add(`somebody else was called:\n${text}`);
        const other = called === PEOPLE.first ? PEOPLE.second : PEOPLE.first;
        if (text.includes(other.slice(1))) findings.add(`the called party is shown the caller:\n${text}`);
      },
      trunkPort,
    );
    ends.push(() => party.close());
    const secrets = [
      PEOPLE.second.slice(1),
      SOFTPHONE_PASSWORD,
      stack.questionSecret,
      stack.eventSocketPassword,
    ];
    const hear = (text: string): void => {
      checked.answers += 1;
      for (const secret of secrets)
        if (text.includes(secret)) findings.add(`an answer shows a secret:\n${text}`);
    };
    // Only 127.0.0.1 is a carrier's address.
    const stranger = await Endpoint.open('127.0.0.2', hear);
    const carrier = await Endpoint.open('127.0.0.1', hear);
    ends.push(
      () => stranger.close(),
      () => carrier.close(),
    );

    const dictionary = tokens(canary);
    const look = async (sent: number): Promise<void> => {
      checked.looks += 1;
      if (freeswitch.pid !== pid || !isRunning(pid))
        throw new Error(`FreeSWITCH is gone after ${sent} messages`);
      const mark = await asked(control, `global_getvar ${MARK}`);
      if (/set|uri|body/.test(mark)) findings.add(`a command was executed before message ${sent}: ${mark}`);
      if (existsSync(canary))
        findings.add(`a command was executed before message ${sent}: the canary file is there`);
    };
    const began = performance.now();
    for (let sent = 0; sent < options.count; sent += 1) {
      // Strangers first, so that a call which gets through then is theirs.
      carriersTurn = sent >= options.count / 2;
      if (sent === Math.ceil(options.count / 2)) await sleep(2_000);
      const from = carriersTurn ? carrier : stranger;
      const port = random.chance(0.6) ? freeswitch.sipPort : freeswitch.softphonePort;
      const place = { port, address: from.address, localPort: from.port };
      const whole = random.chance(0.02) ? random.bytes(random.int(1, 1_400)) : message(random, place, canary);
      from.send(random.chance(0.85) ? mutate(whole, random, dictionary) : whole, port);
      if (sent % 20 === 19) {
        const ahead = ((sent + 1) / RATE) * 1000 - (performance.now() - began);
        if (ahead > 0) await sleep(ahead);
      }
      if (sent % LOOK_EVERY === LOOK_EVERY - 1) {
        await look(sent + 1);
        options.progress(sent + 1);
      }
    }
    await look(options.count);
    const deadline = Date.now() + CALLS_END_WITHIN;
    while (!/^0 total/m.test(await asked(control, 'show channels count'))) {
      if (Date.now() > deadline) {
        findings.add(`channels were left: ${await asked(control, 'show channels count')}`);
        break;
      }
      await sleep(1_000);
    }
    await look(options.count);
    // It still does its work: a call of the party's gets through.
    const before = checked['calls to the party'];
    const place = { port: freeswitch.sipPort, address: carrier.address, localPort: carrier.port };
    for (let tries = 0; tries < 400 && checked['calls to the party'] === before; tries += 1) {
      const candidate = message(random, place, canary);
      if (candidate.toString('latin1').startsWith(`INVITE sip:${DID}@`))
        carrier.send(candidate, freeswitch.sipPort);
      await sleep(25);
    }
    if (checked['calls to the party'] === before) findings.add('no call gets through any more');
    for (const file of [freeswitch.logFile, join(stack.folder, 'controller-0.log')]) {
      const text = await readFile(file, 'latin1');
      for (const secret of secrets) {
        const line = text.split('\n').find((candidate) => candidate.includes(secret));
        if (line !== undefined) findings.add(`a log shows a secret: ${line.slice(0, 500)}`);
      }
    }
  } catch (error) {
    findings.add(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    for (const end of ends.reverse()) await end();
  }
  return {
    target: 'sip',
    sent: options.count,
    elapsedMs: performance.now() - startedAt,
    checked,
    findings: findings.list,
  };
}

function isRunning(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** An API command's output, also while FreeSWITCH is busy. */
async function asked(control: EslConnection, command: string): Promise<string> {
  return control.api(command, 30_000);
}
