import { Agent, request } from 'undici';

import { AddressGuard, type ResolveHost } from '../outbound/address-guard.js';
import { AddressRefusedError } from '../outbound/errors.js';
import { PromptError } from './errors.js';
import { conditions, validityOf, type Validity } from './validity.js';

export interface PromptFetcherOptions {
  /** CIDR blocks and addresses outside the public Internet that may be reached. */
  readonly allowAddresses: readonly string[];
  /** Milliseconds for the whole fetch, from look-up to last byte. */
  readonly timeout: number;
  /** Bytes. */
  readonly maxBytes: number;
  readonly resolve?: ResolveHost;
}

/** What a server answered. `bytes` is null when they are those that we have. */
export interface FetchedPrompt {
  readonly bytes: Buffer | null;
  readonly validity: Validity;
}

/** Statuses that name another URL for the same thing (RFC 9110, 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 3;

/** Gets a file over HTTP with a bound on everything: addresses, time, size and redirects. */
export class PromptFetcher {
  readonly #agent: Agent;
  readonly #timeout: number;
  readonly #maxBytes: number;

  constructor(options: PromptFetcherOptions) {
    const guard = new AddressGuard(options.allowAddresses, options.resolve);
    this.#timeout = options.timeout;
    this.#maxBytes = options.maxBytes;
    this.#agent = new Agent({
      connect: guard.connector(options.timeout),
      // The next fetch from a host looks its address up again.
      pipelining: 0,
      headersTimeout: options.timeout,
      bodyTimeout: options.timeout,
    });
  }

  /**
   * The bytes at `url`; with `known`, only when the server has others than those that came with it. Throws
   * PromptError; `signal` ends it early.
   */
  async fetch(url: string, signal: AbortSignal, known: Validity | null = null): Promise<FetchedPrompt> {
    const target = promptUrl(url);
    const deadline = AbortSignal.timeout(this.#timeout);
    try {
      return await this.#get(target, AbortSignal.any([signal, deadline]), known);
    } catch (error) {
      if (error instanceof PromptError) throw error;
      if (error instanceof AddressRefusedError) {
        throw new PromptError('ERR_PROMPT_ADDRESS', 'the prompt is at an address that is not allowed', {
          cause: error,
        });
      }
      if (signal.aborted) throw new PromptError('ERR_PROMPT_CLOSED', 'the prompt library was closed');
      if (deadline.aborted) {
        throw new PromptError('ERR_PROMPT_FETCH', `the prompt did not arrive in ${this.#timeout} ms`);
      }
      throw new PromptError('ERR_PROMPT_FETCH', `the prompt cannot be fetched (${reasonOf(error)})`);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #get(target: URL, signal: AbortSignal, known: Validity | null): Promise<FetchedPrompt> {
    let at = target;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#getHere(at, signal, known);
      if (!(answer instanceof URL)) return answer;
      if (redirects === MOST_REDIRECTS) {
        throw new PromptError(
          'ERR_PROMPT_FETCH',
          `the prompt was redirected more than ${MOST_REDIRECTS} times`,
        );
      }
      at = answer;
    }
  }

  /** The prompt, or where it is instead. Each connection is checked for its address, wherever it was sent. */
  async #getHere(target: URL, signal: AbortSignal, known: Validity | null): Promise<FetchedPrompt | URL> {
    const { statusCode, headers, body } = await request(target, {
      dispatcher: this.#agent,
      signal,
      headers: {
        accept: 'audio/wav, audio/mpeg, */*;q=0.1',
        'user-agent': 'maskline',
        ...authorization(target),
        ...(known === null ? {} : conditions(known)),
      },
    });
    // Leaving the loop, also by an error, destroys the body and its connection.
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      if (statusCode === 304 && known !== null) return { bytes: null, validity: merged(headers, known) };
      if (REDIRECTS.has(statusCode)) return redirected(target, headers.location);
      if (statusCode !== 200) {
        throw new PromptError('ERR_PROMPT_FETCH', `the prompt was answered with status ${statusCode}`);
      }
      if (headers['content-encoding'] !== undefined) {
        throw new PromptError('ERR_PROMPT_FETCH', 'the prompt came compressed without being asked to');
      }
      if (Number(headers['content-length'] ?? 0) > this.#maxBytes) throw this.#tooLarge();
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > this.#maxBytes) throw this.#tooLarge();
        chunks.push(chunk);
      }
    } finally {
      // What is left unread ends with an abort, which nobody else listens to.
      body.on('error', () => undefined).destroy();
    }
    return { bytes: Buffer.concat(chunks, size), validity: validityOf(headers) };
  }

  #tooLarge(): PromptError {
    return new PromptError('ERR_PROMPT_TOO_LARGE', `the prompt is larger than ${this.#maxBytes} bytes`);
  }
}

/** Throws PromptError. Credentials go to the host that they are for, and nothing goes from https to http. */
function redirected(from: URL, location: string | string[] | undefined): URL {
  const to =
    typeof location === 'string' && URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (to === null) throw new PromptError('ERR_PROMPT_FETCH', 'the prompt was redirected to nowhere');
  const target = promptUrl(to.href);
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new PromptError('ERR_PROMPT_FETCH', 'the prompt was redirected from https to http');
  }
  if (target.origin === from.origin && target.username === '' && target.password === '') {
    target.username = from.username;
    target.password = from.password;
  }
  return target;
}

/** A 304 may leave out the validators that did not change (RFC 9110, 15.4.5). */
function merged(headers: Parameters<typeof validityOf>[0], known: Validity): Validity {
  const { maxAge, etag, lastModified } = validityOf(headers);
  return {
    maxAge,
    etag: etag === '' ? known.etag : etag,
    lastModified: lastModified === '' ? known.lastModified : lastModified,
  };
}

function promptUrl(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : null;
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw new PromptError('ERR_PROMPT_URL', 'the prompt has no http or https URL');
  }
  return target;
}

/** Credentials inside a URL (RFC 3986, 3.2.1) are sent as Basic ones. */
function authorization(target: URL): { authorization?: string } {
  if (target.username === '' && target.password === '') return {};
  const pair = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** The code of a network error: its message may hold the host. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown error';
}
