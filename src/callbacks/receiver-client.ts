import { Agent, request, type buildConnector } from 'undici';

import type { HttpMethod } from '../masking/session.js';
import type { AddressGuard } from '../outbound/address-guard.js';
import { AddressRefusedError } from '../outbound/errors.js';
import type { DeliveryRules } from './delivery-rules.js';
import { CallbackError } from './errors.js';
import type { Parameters } from './parameters.js';
import { signatureHeaders, urlAsSent, type SigningTokens } from './signature.js';

export interface CallbackRequest {
  readonly method: HttpMethod;
  /** As the client gave it. */
  readonly url: string;
  readonly parameters: Parameters;
}

/** How a receiver answered one attempt. */
export interface ReceiverAnswer {
  /** Null when no answer came. */
  readonly status: number | null;
  /** The beginning of what it said. */
  readonly body: string;
  readonly error: CallbackError | null;
}

/** Of an answer, in bytes: read at most, and kept. */
const MOST_READ = 4_096;
const MOST_KEPT = 1_024;
/** An answer's status decides; so long, in milliseconds, the rest of it is waited for. */
const BODY_PATIENCE = 1_000;

/** Sends callbacks to receivers: their address is checked where it is connected to, and everything is bounded. */
export class ReceiverClient {
  readonly #guard: AddressGuard;

  constructor(guard: AddressGuard) {
    this.#guard = guard;
  }

  /**
   * One attempt. Resolves with what came of it, within the rules' total time; `signal` ends it early, with
   * ERR_CALLBACK_STOPPED. Redirects are not followed.
   */
  async send(
    callback: CallbackRequest,
    tokens: SigningTokens,
    rules: DeliveryRules,
    signal: AbortSignal,
  ): Promise<ReceiverAnswer> {
    const attempt = new Attempt(rules, signal);
    // A connection of its own: the name is looked up, and its address checked, for each attempt.
    const agent = new Agent({
      connect: attempt.connector(this.#guard),
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 16_384,
    });
    try {
      return await this.#exchange(callback, tokens, agent, attempt);
    } catch (error) {
      return { status: null, body: '', error: attempt.failure(error) };
    } finally {
      attempt.over();
      await agent.destroy();
    }
  }

  async #exchange(
    callback: CallbackRequest,
    tokens: SigningTokens,
    dispatcher: Agent,
    attempt: Attempt,
  ): Promise<ReceiverAnswer> {
    const { method, url, parameters } = callback;
    const target = new URL(url);
    const form = new URLSearchParams(parameters as [string, string][]).toString();
    const sent = new URL(urlAsSent(url));
    if (method === 'GET') sent.search = sent.search === '' ? form : `${sent.search}&${form}`;
    const { statusCode, headers, body } = await request(sent, {
      dispatcher,
      method,
      signal: attempt.signal,
      headers: {
        accept: '*/*',
        'user-agent': 'maskline',
        ...signatureHeaders({ method, url, parameters }, tokens),
        ...authorization(target),
        ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      body: method === 'POST' ? form : null,
    });
    attempt.answered();
    const said = await beginningOf(body);
    return { status: statusCode, body: said, error: errorOf(statusCode, headers['location'] !== undefined) };
  }
}

/** The clocks of one attempt, and what ended it. */
class Attempt {
  readonly #rules: DeliveryRules;
  readonly #abort = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #outer: AbortSignal;
  #step: NodeJS.Timeout | undefined;
  #phase: 'connecting' | 'waiting' | 'answered' = 'connecting';
  readonly #stop = (): void =>
    this.#abort.abort(new CallbackError('ERR_CALLBACK_STOPPED', null, 'the delivery was stopped'));

  constructor(rules: DeliveryRules, outer: AbortSignal) {
    this.#rules = rules;
    this.#outer = outer;
    this.#timers.push(
      this.#deadline(rules.totalTimeout, () =>
        this.#phase === 'connecting'
          ? new CallbackError('ERR_CALLBACK_TOTAL_TIMEOUT', 'ct', 'the receiver was not reached in time')
          : new CallbackError('ERR_CALLBACK_TOTAL_TIMEOUT', 'rt', 'the receiver did not answer in time'),
      ),
    );
    this.#step = this.#deadline(
      rules.connectTimeout,
      () => new CallbackError('ERR_CALLBACK_CONNECT_TIMEOUT', 'ct', 'the receiver was not reached in time'),
    );
    if (outer.aborted) this.#stop();
    else outer.addEventListener('abort', this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  connector(guard: AddressGuard): buildConnector.connector {
    const connect = guard.connector(this.#rules.connectTimeout);
    return (options, callback) =>
      connect(options, (...result) => {
        if (result[0] === null) this.#connected();
        callback(...result);
      });
  }

  answered(): void {
    this.#phase = 'answered';
    clearTimeout(this.#step);
  }

  over(): void {
    clearTimeout(this.#step);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#outer.removeEventListener('abort', this.#stop);
  }

  failure(error: unknown): CallbackError {
    if (error instanceof CallbackError) return error;
    if (error instanceof AddressRefusedError) {
      return new CallbackError(
        'ERR_CALLBACK_ADDRESS',
        null,
        'the receiver is at an address that is not allowed',
      );
    }
    return this.#phase === 'connecting'
      ? new CallbackError('ERR_CALLBACK_CONNECT', 'ct', `the receiver was not reached (${reasonOf(error)})`)
      : new CallbackError('ERR_CALLBACK_READ', 'rt', `the receiver gave no answer (${reasonOf(error)})`);
  }

  #connected(): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'waiting';
    clearTimeout(this.#step);
    this.#step = this.#deadline(
      this.#rules.readTimeout,
      () => new CallbackError('ERR_CALLBACK_READ_TIMEOUT', 'rt', 'the receiver did not answer in time'),
    );
  }

  #deadline(milliseconds: number, error: () => CallbackError): NodeJS.Timeout {
    return setTimeout(() => this.#abort.abort(error()), milliseconds);
  }
}

function errorOf(status: number, moved: boolean): CallbackError | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400 && moved) {
    return new CallbackError('ERR_CALLBACK_REDIRECT', 'other', 'the receiver answered with a redirect');
  }
  const failure = status >= 500 ? '5xx' : status >= 400 ? '4xx' : 'other';
  return new CallbackError('ERR_CALLBACK_STATUS', failure, `the receiver answered with status ${status}`);
}

/** What has come of a body after a moment. It never fails: the answer's status is known. */
async function beginningOf(body: AsyncIterable<Buffer> & NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const readable = body as unknown as { destroy(): void };
  const patience = setTimeout(() => readable.destroy(), BODY_PATIENCE);
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MOST_READ) break;
    }
  } catch {
    // Cut short by the receiver, or by our patience: what came is what there is.
  }
  clearTimeout(patience);
  body.on('error', () => undefined);
  readable.destroy();
  return Buffer.concat(chunks).subarray(0, MOST_KEPT).toString('utf8');
}

/** Credentials inside a URL (RFC 3986, 3.2.1) are sent as Basic ones. */
function authorization(target: URL): { authorization?: string } {
  if (target.username === '' && target.password === '') return {};
  const pair = `${decoded(target.username)}:${decoded(target.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is itself.
    return text;
  }
}

/** The code of a network error: its message may hold the host. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown error';
}
