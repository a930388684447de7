import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerVariables, multisetArgument } from '../../../src/freeswitch/answer-variables.js';
import type { Answer, ConnectAnswer, Question } from '../../../src/freeswitch/question.js';
import { QuestionServer, type QuestionServerOptions } from '../../../src/freeswitch/question-server.js';
import { ask, CHANNEL, channelReply } from './fake-asking-node.js';
import { keepingLog } from './fake-event-socket.js';

const refusal: Answer = { next: 'refuse', cause: 'USER_BUSY' };
const connection: ConnectAnswer = {
  next: 'connect',
  marks: { number: '+15550009999', sessionId: 's1', interactionId: 'i1', party: 'first' },
  target: '+15550002002',
  trunks: ['t1'],
  ringTimeout: 30,
  callTimeLimit: 3600,
  playA: '',
  playB: '',
  record: '',
  note: '',
};

const ASKS_AFTER_MS = 400;

const servers: QuestionServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

interface Served {
  readonly server: QuestionServer;
  readonly port: number;
  readonly questions: Question[];
  readonly outcomes: string[];
  readonly unused: Answer[];
  readonly lines: string[];
}

async function serve(options: Partial<QuestionServerOptions> = {}): Promise<Served> {
  const { lines, log } = keepingLog();
  const questions: Question[] = [];
  const outcomes: string[] = [];
  const unused: Answer[] = [];
  const decide = options.decide ?? (() => Promise.resolve(refusal));
  const server = new QuestionServer({
    host: '127.0.0.1',
    port: 0,
    allow: ['127.0.0.0/8'],
    secret: 's3cret',
    dialString: () => 'DIAL',
    log,
    onOutcome: ({ outcome }) => void outcomes.push(outcome),
    onUnused: (_question, answer) => void unused.push(answer),
    ...options,
    decide: (question, signal) => {
      questions.push(question);
      return decide(question, signal);
    },
  });
  servers.push(server);
  await server.listen();
  return { server, port: server.address!.port, questions, outcomes, unused, lines };
}

describe('question server', () => {
  it('answers with the variables and exit in one write', async () => {
    const { port, outcomes } = await serve({ decide: () => Promise.resolve(connection) });
    const asked = await ask({ port });
    const uuid = CHANNEL['Unique-ID']!;
    const argument = multisetArgument(
      answerVariables(connection, () => 'DIAL', { uuid, dialled: '+15550009999', keeps: 'nothing' }),
    );
    expect(asked.received).toBe(
      'connect\n\nsendmsg\ncall-command: execute\nexecute-app-name: multiset\n' +
        `content-type: text/plain\ncontent-length: ${argument.length}\n\n${argument}exit\n\n`,
    );
    expect(asked.reads).toBe(1);
    expect(outcomes).toEqual(['answered']);
  });

  it('what FreeSWITCH takes to ask, once it has connected, is no part of how long an answer took', async () => {
    const taken: number[] = [];
    const { port } = await serve({ onOutcome: ({ elapsedMs }) => void taken.push(elapsedMs) });
    const askAfter = async (reply: string): Promise<number> => {
      const begun = performance.now();
      const socket = connect({ host: '127.0.0.1', port });
      await once(socket, 'data');
      await delay(ASKS_AFTER_MS);
      socket.end(reply).resume();
      await once(socket, 'close');
      await vi.waitFor(() => expect(taken).toHaveLength(1));
      return performance.now() - begun;
    };
    const all = await askAfter(channelReply(CHANNEL));
    expect(taken.shift()).toBeLessThanOrEqual(all - ASKS_AFTER_MS + 1);
    // One that asks nothing has only taken time.
    await askAfter('');
    expect(taken.shift()).toBeGreaterThanOrEqual(ASKS_AFTER_MS - 1);
  });

  it.each([
    ['Latin-1', channelReply(CHANNEL).replace('%2B15550001001', 'Andr%E9')],
    ['emoji', channelReply({ ...CHANNEL, 'Caller-Caller-ID-Number': '\u{1f600}' })],
    ['broken escape', channelReply(CHANNEL).replace('%2B15550001001', '%')],
    ['40 digits', channelReply({ ...CHANNEL, 'Caller-Caller-ID-Number': '1'.repeat(40) })],
    ['variable', channelReply({ ...CHANNEL, 'Caller-Caller-ID-Number': '${system(rm)}' })],
    ['line breaks', channelReply({ ...CHANNEL, 'Caller-Caller-ID-Number': 'a\n\nexit\n\n' })],
    ['absent', channelReply({ ...CHANNEL, 'Caller-Caller-ID-Number': '' })],
    ['raw bytes', Buffer.from(channelReply(CHANNEL).replace('%2B15550001001', 'Andr\xe9'), 'latin1')],
  ])('a caller (%s) is a question like any other', async (_what, raw) => {
    const { port, questions, outcomes } = await serve();
    await ask({ port, raw });
    expect(questions).toHaveLength(1);
    expect(outcomes).toEqual(['answered']);
  });

  it.each([
    ['wrong', { ...CHANNEL, scope_variable_masking_secret: 's3creT' }],
    ['missing', Object.fromEntries(Object.entries(CHANNEL).filter(([name]) => !name.endsWith('secret')))],
  ])(
    'a %s secret is closed at once, without a word and without the secret in a log',
    async (_what, headers) => {
      const { port, questions, outcomes, lines } = await serve();
      const asked = await ask({ port, headers });
      expect(asked.received).toBe('connect\n\n');
      expect(questions).toEqual([]);
      expect(outcomes).toEqual(['refused']);
      expect(lines.join()).toContain('a question was refused');
      expect(lines.join()).not.toMatch(/s3cre/i);
    },
  );

  it('a peer that is not on the list hears nothing', async () => {
    const { port, questions } = await serve({ allow: ['192.0.2.0/24'] });
    expect((await ask({ port })).received).toBe('');
    expect(questions).toEqual([]);
  });

  it('an unknown question gets the fallback', async () => {
    const { port, outcomes } = await serve();
    const asked = await ask({ port, headers: { ...CHANNEL, scope_variable_masking_question: 'what' } });
    expect(asked.commands).toEqual(['connect', 'exit']);
    expect(outcomes).toEqual(['fallback']);
  });

  it.each<[string, QuestionServerOptions['decide']]>([
    ['rejects', () => Promise.reject(new Error('no store'))],
    [
      'throws',
      () => {
        throw new Error('no store');
      },
    ],
  ])('a decision that %s gets the fallback, and a line in the log', async (_what, decide) => {
    const { port, outcomes, lines } = await serve({ decide });
    expect((await ask({ port })).commands).toEqual(['connect', 'exit']);
    expect(outcomes).toEqual(['fallback']);
    expect(lines.join()).toContain('no store');
  });

  it('an answer that cannot be sent safely gets the fallback, is given back, and is not logged', async () => {
    const { port, outcomes, unused, lines } = await serve({
      decide: () => Promise.resolve(connection),
      dialString: () => 'x${y}+15550002002',
    });
    expect((await ask({ port })).commands).toEqual(['connect', 'exit']);
    expect(outcomes).toEqual(['fallback']);
    expect(unused).toEqual([connection]);
    expect(lines.join()).not.toContain('5550002002');
  });

  it('a decision after the deadline finds the fallback sent, and is given back', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const { port, outcomes, unused } = await serve({
      decideTimeoutMs: 30,
      decide: () => new Promise((resolve) => (release = resolve)),
    });
    expect((await ask({ port })).commands).toEqual(['connect', 'exit']);
    expect(outcomes).toEqual(['fallback']);
    release(refusal);
    await vi.waitFor(() => expect(unused).toEqual([refusal]));
  });

  it('a caller who hangs up during the decision: the answer is given back', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const { server, port, outcomes, unused } = await serve({
      decide: () => new Promise((resolve) => (release = resolve)),
    });
    await ask({ port, hangUp: true });
    await vi.waitFor(() => expect(server.active).toBe(0));
    release(refusal);
    await vi.waitFor(() => expect(unused).toEqual([refusal]));
    expect(outcomes).toEqual(['abandoned']);
  });

  it('a silent peer is dropped', async () => {
    const { port, outcomes } = await serve({ idleTimeoutMs: 30 });
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve) => socket.on('close', () => resolve()).resume());
    expect(outcomes).toEqual(['refused']);
  });

  it('a peer that stays after its answer is dropped', async () => {
    const { server, port, outcomes } = await serve({ idleTimeoutMs: 50 });
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('data', (chunk) => {
      if (chunk.includes('connect')) socket.write(channelReply(CHANNEL));
    });
    await new Promise<void>((resolve) => socket.on('close', () => resolve()));
    expect(outcomes).toEqual(['answered']);
    await vi.waitFor(() => expect(server.active).toBe(0));
  });

  it('channel data over the limit is refused', async () => {
    const { port, questions, outcomes } = await serve({ maxHeaderBytes: 4096 });
    await ask({ port, raw: `X: ${'y'.repeat(8192)}` });
    expect(questions).toEqual([]);
    expect(outcomes).toEqual(['refused']);
  });

  it('takes no more questions at a time than allowed', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const { port, questions } = await serve({
      maxConnections: 1,
      decide: () => new Promise((resolve) => (release = resolve)),
    });
    const first = ask({ port });
    await vi.waitFor(() => expect(questions).toHaveLength(1));
    expect((await ask({ port })).received).toBe('');
    release(refusal);
    expect((await first).commands.at(-1)).toMatch(/exit$/);
  });

  it('close refuses new questions and lets the running one finish', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const { server, port, questions } = await serve({
      decide: () => new Promise((resolve) => (release = resolve)),
    });
    const asked = ask({ port });
    await vi.waitFor(() => expect(questions).toHaveLength(1));
    const closing = server.close(5_000);
    await vi.waitFor(() => expect(server.accepting).toBe(false));
    expect((await ask({ port })).received).toBe('');
    release(refusal);
    expect((await asked).received).toContain('masking_next=refuse');
    await closing;
    expect(server.active).toBe(0);
  });

  it('close cuts off what does not finish by its deadline', async () => {
    const { server, port, questions } = await serve({ decide: () => new Promise(() => undefined) });
    const asked = ask({ port });
    await vi.waitFor(() => expect(questions).toHaveLength(1));
    await server.close(30);
    expect((await asked).commands).toEqual(['connect']);
  });

  it('accepts again on the same port after it was shut', async () => {
    const { server, port } = await serve();
    await server.setAccepting(false);
    expect((await ask({ port })).received).toBe('');
    await Promise.all([server.setAccepting(true), server.setAccepting(false), server.setAccepting(true)]);
    expect((await ask({ port })).received).toContain('masking_next=refuse');
  });

  it('a port that is taken rejects listen', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('a hundred questions at once get their own answers', async () => {
    const { port } = await serve({
      decide: async (question) => {
        await delay(question.attempt % 7);
        return { ...connection, marks: { ...connection.marks, interactionId: question.uuid } };
      },
    });
    const uuids = Array.from(
      { length: 100 },
      (_value, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    );
    const answers = await Promise.all(
      uuids.map((uuid, n) =>
        ask({ port, headers: { ...CHANNEL, 'Unique-ID': uuid, variable_masking_attempt: String(n) } }),
      ),
    );
    answers.forEach((asked, n) => expect(asked.received).toContain(`masking_interaction=${uuids[n]!}~`));
  });
});
