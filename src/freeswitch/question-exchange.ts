import type { Socket } from 'node:net';
import { answerVariables, multisetArgument, type DialString } from './answer-variables.js';
import { questionOf, secretOf } from './channel-data.js';
import { encodeCommand, executeCommand } from './command.js';
import { QuestionInvalidError, QuestionSecretError, QuestionTimeoutError } from './errors.js';
import type { Log } from './log.js';
import type { Answer, Decide, Question } from './question.js';
import { sameText } from './same-text.js';
import { WireParser, type WireMessage } from './wire.js';

const CONNECT = encodeCommand('connect');
const EXIT = encodeCommand('exit');

export type QuestionOutcome =
  | 'answered'
  /** Sent away with the preset fallback: no decision in time, or none that can be sent. */
  | 'fallback'
  /** Closed without a word: not one of our nodes, or not a question. */
  | 'refused'
  /** FreeSWITCH closed before it had its answer: the caller hung up. */
  | 'abandoned';

export interface ExchangeOptions {
  readonly decide: Decide;
  readonly dialString: DialString;
  readonly secret: string;
  /** Milliseconds for `decide`. */
  readonly decideTimeoutMs: number;
  /** Milliseconds that a peer may be silent: before its channel data, and after its answer. */
  readonly idleTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly log: Log;
  /**
   * An answer that the channel did not get. `abandoned`: the channel is gone, so what the answer
   * claimed can be given back. `fallback`: the channel may be asking again, with the same claim.
   */
  readonly onUnused?: (question: Question, answer: Answer, why: 'fallback' | 'abandoned') => void;
  /** Once per connection. */
  readonly onOutcome?: (taken: QuestionTaken) => void;
}

/** What became of a connection. */
export interface QuestionTaken {
  readonly outcome: QuestionOutcome;
  /**
   * Milliseconds from when the question was read to the answer on the wire, or the end: what FreeSWITCH takes to ask, after it
   * has connected, is not in it. From the accept where nothing was read.
   */
  readonly elapsedMs: number;
  /** Null when it did not come to one. */
  readonly question: Question | null;
  /** Where the answer led the call; null when none was given. */
  readonly next: Answer['next'] | null;
}

/**
 * One question on one connection: `connect`, its reply, a decision, then the variables and `exit` in
 * a single write. FreeSWITCH reads that without waiting for a tick, so a question costs no 20 ms.
 */
export class QuestionExchange {
  readonly #socket: Socket;
  readonly #options: ExchangeOptions;
  readonly #parser: WireParser;
  #startedAt = performance.now();
  #stage: 'connecting' | 'deciding' | 'done' = 'connecting';
  #timer: NodeJS.Timeout;
  #abandoned = false;
  #question: Question | null = null;
  /** Aborted once nobody waits for the decision. */
  readonly #givenUp = new AbortController();

  constructor(socket: Socket, options: ExchangeOptions) {
    this.#socket = socket;
    this.#options = options;
    const { maxHeaderBytes } = options;
    this.#parser = new WireParser((message) => this.#receive(message), {
      maxHeaderBytes,
      maxBodyBytes: 65_536,
    });
    this.#timer = this.#idleTimer();
    socket.on('data', (chunk) => this.#read(chunk));
    // A reset is followed by `close`; there is nothing more to say about it.
    socket.on('error', (err) =>
      options.log.debug({ err, call: this.#question?.uuid }, 'a question connection failed'),
    );
    socket.on('close', () => this.#closed());
    socket.write(CONNECT);
  }

  #read(chunk: Buffer): void {
    // What follows the answer (+OK, +OK bye, the goodbye) is of no interest.
    if (this.#stage === 'done') return;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #receive(message: WireMessage): void {
    if (this.#stage !== 'connecting') return;
    this.#startedAt = performance.now();
    if (message.headers['Content-Type'] !== 'command/reply') {
      this.#refuse(new QuestionInvalidError('the peer does not answer as FreeSWITCH'));
      return;
    }
    // The secret comes first: a stranger learns nothing, not even whether its question was well formed.
    if (!sameText(secretOf(message.headers), this.#options.secret)) {
      this.#refuse(new QuestionSecretError('a question came without the right secret'));
      return;
    }
    let question: Question;
    try {
      question = questionOf(message.headers);
    } catch (error) {
      this.#fallBack(error);
      return;
    }
    this.#stage = 'deciding';
    this.#question = question;
    clearTimeout(this.#timer);
    this.#decide(question);
  }

  #decide(question: Question): void {
    const { decide, decideTimeoutMs } = this.#options;
    this.#timer = setTimeout(
      () => this.#fallBack(new QuestionTimeoutError(`no decision within ${decideTimeoutMs} ms`), question),
      decideTimeoutMs,
    );
    // A decide that throws at once must end as one that rejects.
    void Promise.resolve(question)
      .then((asked) => decide(asked, this.#givenUp.signal))
      .then(
        (answer) => this.#answer(question, answer),
        (error: unknown) => this.#fallBack(error, question),
      );
  }

  #answer(question: Question, answer: Answer): void {
    if (this.#stage !== 'deciding') {
      this.#unused(question, answer);
      return;
    }
    let bytes: Buffer;
    try {
      const settings = answerVariables(answer, this.#options.dialString, question);
      const argument = multisetArgument(settings);
      bytes = Buffer.concat([executeCommand('multiset', argument), EXIT]);
    } catch (error) {
      this.#fallBack(error, question);
      this.#unused(question, answer);
      return;
    }
    this.#finish('answered', answer.next);
    this.#socket.write(bytes);
  }

  /** The dialplan goes on with what it preset: `exit` and nothing else. */
  #fallBack(error: unknown, question?: Question): void {
    if (this.#stage === 'done') {
      this.#options.log.warn({ err: error, call: question?.uuid }, 'a decision failed after its deadline');
      return;
    }
    this.#options.log.error(
      { err: error, call: question?.uuid, kind: question?.kind },
      'a question got no answer',
    );
    this.#givenUp.abort();
    this.#finish('fallback');
    this.#socket.write(EXIT);
  }

  #refuse(error: unknown): void {
    const peer = this.#socket.remoteAddress;
    this.#options.log.warn({ err: error, peer }, 'a question was refused');
    this.#finish('refused');
    this.#socket.destroy();
  }

  #closed(): void {
    if (this.#stage !== 'done') {
      this.#abandoned = true;
      this.#givenUp.abort();
      this.#finish('abandoned');
    }
    clearTimeout(this.#timer);
  }

  #finish(outcome: QuestionOutcome, next: Answer['next'] | null = null): void {
    this.#stage = 'done';
    clearTimeout(this.#timer);
    // FreeSWITCH closes after `exit`; one that does not would hold a connection for ever.
    this.#timer = this.#idleTimer();
    const elapsedMs = performance.now() - this.#startedAt;
    this.#options.onOutcome?.({ outcome, elapsedMs, question: this.#question, next });
  }

  #idleTimer(): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#stage === 'connecting') this.#refuse(new QuestionInvalidError('the peer stayed silent'));
      else this.#socket.destroy();
    }, this.#options.idleTimeoutMs);
  }

  #unused(question: Question, answer: Answer): void {
    this.#options.log.warn({ call: question.uuid, next: answer.next }, 'an answer came too late');
    try {
      this.#options.onUnused?.(question, answer, this.#abandoned ? 'abandoned' : 'fallback');
    } catch (err) {
      this.#options.log.error({ err, call: question.uuid }, 'giving an answer back failed');
    }
  }
}
