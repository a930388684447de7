/**
 * Broken Event Socket streams: at our client, as a FreeSWITCH that went mad or somebody in its place would
 * send them, and at the question port, as anybody who can reach it would.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MasklineError } from '../../src/errors.js';
import { EslConnection } from '../../src/freeswitch/connection.js';
import type { Answer } from '../../src/freeswitch/question.js';
import { nodeEventOf } from '../../src/freeswitch/node-events.js';
import { QuestionServer } from '../../src/freeswitch/question-server.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { CHANNEL, channelReply } from '../functional/freeswitch/fake-asking-node.js';
import { eventMessage } from '../functional/freeswitch/fake-event-socket.js';
import { mutate } from './mutate.js';
import { Random } from './random.js';
import { Findings, watchForUncaught, type FuzzOptions, type FuzzResult } from './target.js';

/** Streams under way at a time. */
const WIDTH = 48;
/** A number that only the right secret may bring out of the question port. */
const HIDDEN_NUMBER = '+447700900731';
const PASSWORD = randomBytes(12).toString('hex');
const SECRET = randomBytes(12).toString('hex');
/** What our client may say, and nothing else, whatever it hears. */
const OUR_WORDS = [
  `auth ${PASSWORD}`,
  'event json CHANNEL_HANGUP_COMPLETE',
  'api switchname',
  'api uuid_exists 1',
];

const TOKENS = [
  ...['\n\n', '\r\n', '\n', ': ', ':', '%', '%0A%0A', '%ff', '\0', '{', '}', '[]', '"', '\u00ff', '\u00e9'],
  ...[
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 99999999999',
    'Content-Length: 0',
    'Content-Type: x',
  ],
  ...[
    'Content-Type: auth/request\n\n',
    'Content-Type: text/disconnect-notice\n\n',
    'Reply-Text: -ERR',
    '__proto__: 1',
  ],
  ...[
    'Content-Type: command/reply\nReply-Text: +OK\n\n',
    'text/event-json',
    '${system touch /tmp/x}',
    'api shutdown\n\n',
  ],
  ...[
    '{"Event-Name":"BACKGROUND_JOB"}',
    '"Event-Name":"CHANNEL_HANGUP_COMPLETE",',
    '{"__proto__":{"polluted":1}}',
  ],
];

const EVENT = {
  'Event-Name': 'CHANNEL_HANGUP_COMPLETE',
  'FreeSWITCH-Switchname': 'node-1',
  'Unique-ID': '525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
  'Hangup-Cause': 'NORMAL_CLEARING',
  'Event-Date-Timestamp': '1790000000000000',
  variable_masking_number: '+15550009999',
  variable_masking_session: 'a2b7f0f4-5c9b-4b53-b2a5-6c1c2b6f8a10',
  variable_masking_interaction: '525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
  variable_masking_leg: 'a',
  variable_masking_party: 'first',
  variable_masking_marks:
    'a/first/+15550009999/a2b7f0f4-5c9b-4b53-b2a5-6c1c2b6f8a10/525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
  variable_start_uepoch: '1790000000000000',
  variable_end_uepoch: '1790000009000000',
  'Caller-Caller-ID-Number': HIDDEN_NUMBER,
  'Caller-Caller-ID-Name': 'Andr\u00e9 \u{1f600}',
};

const CONNECT: Answer = {
  next: 'connect',
  marks: {
    number: '+15550009999',
    sessionId: 'a2b7f0f4-5c9b-4b53-b2a5-6c1c2b6f8a10',
    interactionId: '525ef7e0-b97f-4ab8-81ea-901bd07e7af5',
    party: 'first',
  },
  target: HIDDEN_NUMBER,
  trunks: ['trunk'],
  ringTimeout: 30,
  callTimeLimit: 60,
  playA: '',
  playB: '',
  record: '',
  note: '',
};

/** What a FreeSWITCH says to a client, reply by reply, with a fault somewhere. */
function stream(random: Random): Buffer[] {
  const reply = 'Content-Type: command/reply\nReply-Text: +OK accepted\n\n';
  const api = 'Content-Type: api/response\nContent-Length: 6\n\nnode-1';
  const event = eventMessage(Buffer.from(JSON.stringify(EVENT)));
  const parts: Buffer[] = ['Content-Type: auth/request\n\n', reply, reply + api, api].map((text) =>
    Buffer.from(text),
  );
  for (let more = random.int(0, 4); more > 0; more -= 1) {
    parts.splice(random.int(2, parts.length), 0, random.chance(0.8) ? event : Buffer.from(api));
  }
  if (random.chance(0.3))
    parts.push(Buffer.from('Content-Type: text/disconnect-notice\nContent-Length: 0\n\n'));
  // What comes before the fault is whole, so that it strikes at every depth.
  for (let faults = random.int(1, 2); faults > 0; faults -= 1) {
    const at = random.int(0, parts.length - 1);
    parts[at] = mutate(parts[at] ?? Buffer.alloc(0), random, TOKENS);
  }
  return parts;
}

/**
 * Sends a stream in pieces of any size, the first parts each when the client has said something, then ends
 * the connection by a reset: that leaves no TIME_WAIT behind, of which there could be no hundred thousand.
 */
async function play(socket: Socket, parts: readonly Buffer[], random: Random): Promise<void> {
  for (const [index, bytes] of parts.entries()) {
    if (index > 0 && index < 3) await clientSpoke(socket);
    for (let from = 0; from < bytes.length && !socket.destroyed;) {
      const piece = random.chance(0.5) ? bytes.length : random.int(1, 300);
      socket.write(bytes.subarray(from, from + piece));
      from += piece;
      if (from < bytes.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await sleep(random.int(0, 3));
  socket.resetAndDestroy();
}

/** Resolves at the client's next word, or when it has none to say. */
function clientSpoke(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, 20);
    function done(): void {
      clearTimeout(timer);
      socket.off('data', done);
      resolve();
    }
    socket.on('data', done);
  });
}

class MadFreeSwitch {
  readonly #streams = new Map<number, readonly Buffer[]>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(random: Random, heard: (said: string) => void): Promise<MadFreeSwitch> {
    const server = createServer({ noDelay: true });
    const mad = new MadFreeSwitch(server);
    server.on('connection', (socket) => {
      let said = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => (said += chunk.toString('latin1')));
      socket.on('close', () => heard(said));
      void play(socket, mad.#take(), random);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return mad;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next connection gets this stream. */
  queue(id: number, parts: readonly Buffer[]): void {
    this.#streams.set(id, parts);
  }

  #take(): readonly Buffer[] {
    const [first] = this.#streams;
    if (first === undefined) return [];
    this.#streams.delete(first[0]);
    return first[1];
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

export async function fuzzEventSocket(options: FuzzOptions): Promise<FuzzResult> {
  const startedAt = performance.now();
  const findings = new Findings();
  const unwatch = watchForUncaught(findings);
  const random = new Random(options.seed);
  const checked = { opened: 0, events: 0, 'log lines': 0, questions: 0, answered: 0 };
  const log = createLogger({
    level: 'debug',
    destination: {
      write: (line) => {
        checked['log lines'] += 1;
        for (const secret of [HIDDEN_NUMBER.slice(1), PASSWORD, SECRET]) {
          if (line.includes(secret)) findings.add(`the log shows ${secret}: ${line}`);
        }
      },
    },
  });
  const mad = await MadFreeSwitch.start(random, (said) => {
    const rest = said.split('\n\n').filter((command) => command !== '' && !OUR_WORDS.includes(command));
    if (rest.length > 0) findings.add(`the client said ${JSON.stringify(rest)}`);
  });
  const questions = new QuestionServer({
    host: '127.0.0.1',
    port: 0,
    secret: SECRET,
    allow: ['127.0.0.0/8'],
    decideTimeoutMs: 500,
    idleTimeoutMs: 200,
    decide: () => Promise.resolve(CONNECT),
    dialString: (answer) => `sofia/gateway/trunk/${answer.target}`,
    log,
  });
  await questions.listen();

  const atClient = async (id: number): Promise<void> => {
    mad.queue(id, stream(random));
    const connection = new EslConnection({
      host: '127.0.0.1',
      port: mad.port,
      password: PASSWORD,
      connectTimeoutMs: 500,
      commandTimeoutMs: 500,
      log,
    });
    const closed = new Promise<void>((resolve) => connection.on('closed', () => resolve()));
    connection.on('event', (event) => {
      checked.events += 1;
      nodeEventOf(event);
    });
    const settled = (async () => {
      await connection.open();
      checked.opened += 1;
      await Promise.allSettled([
        connection.subscribe(['CHANNEL_HANGUP_COMPLETE']),
        connection.api('switchname'),
        connection.api('uuid_exists 1'),
      ]).then((results) => {
        for (const result of results) {
          if (result.status === 'rejected' && !(result.reason instanceof MasklineError)) {
            findings.add(`stream ${id}: a command failed with ${String(result.reason)}`);
          }
        }
      });
    })().catch((error: unknown) => {
      if (!(error instanceof MasklineError)) findings.add(`stream ${id}: open failed with ${String(error)}`);
    });
    const inTime = await Promise.race([
      Promise.all([settled, closed]).then(() => true),
      sleep(20_000, false, { ref: false }),
    ]);
    if (!inTime) findings.add(`stream ${id}: the client neither closed nor settled in 20 s`);
    connection.close();
    if (connection.pending > 0) findings.add(`stream ${id}: ${connection.pending} commands were left`);
  };

  const atQuestionPort = async (id: number): Promise<void> => {
    checked.questions += 1;
    const known = random.chance(0.5);
    const whole = Buffer.from(
      channelReply({ ...CHANNEL, scope_variable_masking_secret: known ? SECRET : 'guessed' }),
    );
    const bytes = mutate(whole, random, TOKENS);
    let answer = '';
    const socket = connect({ host: '127.0.0.1', port: questions.address?.port ?? 0, noDelay: true });
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
    for (let from = 0; from < bytes.length && !socket.destroyed; from += 4_000) {
      socket.write(bytes.subarray(from, from + 4_000));
    }
    await Promise.race([closed, sleep(random.int(1, 60), undefined, { ref: false })]);
    socket.resetAndDestroy();
    await closed;
    const told = answer.includes(HIDDEN_NUMBER);
    if (told) checked.answered += 1;
    if (told && !bytes.includes(SECRET))
      findings.add(`stream ${id}: a question without the secret was answered`);
  };

  let next = 0;
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      while (next < options.count) {
        const id = next++;
        await (id % 4 === 3 ? atQuestionPort(id) : atClient(id));
        if (id % 1_000 === 999) options.progress(id + 1);
      }
    }),
  );
  await mad.stop();
  await questions.close();
  if (({} as Record<string, unknown>)['polluted'] !== undefined) findings.add('a prototype was changed');
  unwatch();
  return {
    target: 'event-socket',
    sent: options.count,
    elapsedMs: performance.now() - startedAt,
    checked,
    findings: findings.list,
  };
}
