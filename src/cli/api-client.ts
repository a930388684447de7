import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch, type Response } from 'undici';

import { VERSION } from '../version.js';
import type { Connection } from './connection.js';
import {
  CliCredentialsError,
  CliFailedError,
  CliNotFoundError,
  CliUnreachableError,
  type CliError,
} from './errors.js';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;
export type Json = Record<string, unknown>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: Json;
  /** Milliseconds until an answer has begun. Default 30 s. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
/** Longest that an answer of Retry-After is waited for, in seconds, and how often. */
const LONGEST_WAIT_SECONDS = 30;
const MOST_WAITS = 5;

const CONNECT_CURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the controller, or set MASKLINE_URL',
  ENOTFOUND: 'there is no such host: correct MASKLINE_URL',
  EAI_AGAIN: 'the name cannot be looked up now: check DNS, or use an address in MASKLINE_URL',
  EHOSTUNREACH: 'no way leads there: check the network, or MASKLINE_URL',
  ENETUNREACH: 'no way leads there: check the network, or MASKLINE_URL',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer in time: check the firewall, or MASKLINE_URL',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer in time: see /readyz and the controller’s log',
  UND_ERR_SOCKET: 'it closed the connection: is it http:// or https://? Check MASKLINE_URL',
  ECONNRESET: 'it closed the connection: is it http:// or https://? Check MASKLINE_URL',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS: use http:// in MASKLINE_URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: give its authority with NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted: give its authority with NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not trusted: give its authority with NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is another host’s: correct MASKLINE_URL',
};

/** The HTTP API. Every failure is a CliError whose one line names the cure. */
export class ApiClient {
  readonly connection: Connection;
  readonly #signal: AbortSignal | undefined;
  readonly #agents = new Map<number, Agent>();
  /** Hears of every wait that a rate limit imposes, in seconds. */
  onWait: (seconds: number) => void = () => undefined;

  /** `signal` breaks off whatever is under way. */
  constructor(connection: Connection, signal?: AbortSignal) {
    this.connection = connection;
    this.#signal = signal;
  }

  /** The parsed body; null for an answer without one. `path` is below `/v1/Account/{auth_id}/`. */
  async request(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: RequestOptions = {},
  ): Promise<Json> {
    for (let waits = 0; ; waits += 1) {
      const response = await this.open(method, path, options);
      const text = await this.#textOf(response);
      if (response.status === 429 && waits < MOST_WAITS) {
        const seconds = Math.min(LONGEST_WAIT_SECONDS, Number(response.headers.get('retry-after') ?? 1) || 1);
        this.onWait(seconds);
        await sleep(seconds * 1_000, undefined, this.#signal === undefined ? {} : { signal: this.#signal });
        continue;
      }
      const body = text === '' ? {} : parsed(text);
      if (response.ok && body !== null) return body;
      throw this.#refusal(response.status, body);
    }
  }

  get(path: string, query: Query = {}): Promise<Json> {
    return this.request('GET', path, { query });
  }

  /** An answer whose body is still to be read. Throws for one that did not come about, not for a status. */
  async open(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const { url, authId, authToken, account } = this.connection;
    const query = queryOf(options.query ?? {});
    try {
      return await fetch(`${url}/v1/Account/${account}/${path}${query}`, {
        method,
        redirect: 'manual',
        dispatcher: this.#agent(options.timeoutMs ?? ANSWER_MS),
        headers: {
          authorization: `Basic ${Buffer.from(`${authId}:${authToken}`).toString('base64')}`,
          'user-agent': `maskline-cli/${VERSION}`,
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      });
    } catch (error) {
      if (this.#signal?.aborted === true) throw error;
      throw this.#unreachable(error);
    }
  }

  /** The refusal that an answer of {@link open} stands for; its body is read. */
  async refusalOf(response: Response): Promise<CliError> {
    return this.#refusal(response.status, parsed(await this.#textOf(response)));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }

  async #textOf(response: Response): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #agent(timeoutMs: number): Agent {
    const known = this.#agents.get(timeoutMs);
    if (known !== undefined) return known;
    const agent = new Agent({
      connect: { timeout: CONNECT_MS },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    this.#agents.set(timeoutMs, agent);
    return agent;
  }

  #unreachable(error: unknown): CliUnreachableError {
    const code = reasonOf(error);
    const why = CONNECT_CURES[code] ?? `it cannot be reached (${code}): check MASKLINE_URL`;
    return new CliUnreachableError(`${this.connection.url}: ${why}`, { cause: error });
  }

  #refusal(status: number, body: Json | null): CliError {
    const { url, authId, account } = this.connection;
    const error = typeof body?.['error'] === 'string' ? body['error'] : null;
    if (error === null || typeof body?.['api_id'] !== 'string') {
      return new CliUnreachableError(
        `${url} answers with status ${status}, but not as a Maskline API: correct MASKLINE_URL (no path, and the port of the API)`,
      );
    }
    if (status === 401) {
      return new CliCredentialsError(
        account === authId
          ? `${url} does not take AUTH_ID and AUTH_TOKEN: compare both with those that its controller was started with`
          : `${url} does not give these credentials that account: --account needs the main account’s credentials, and an id of a subaccount of it`,
      );
    }
    if (status === 403) {
      return new CliCredentialsError(
        `${error} Use AUTH_ID and AUTH_TOKEN of the main account, and no --account`,
      );
    }
    if (status === 404) {
      return new CliNotFoundError('not found: check the id (another account’s things are not found either)');
    }
    if (status === 429) {
      return new CliFailedError(`${error} Ask again later, or raise API_RATE_LIMIT`);
    }
    const id =
      status >= 500 ? ` (status ${status}; the controller’s log has it under ${body['api_id']})` : '';
    return new CliFailedError(`${error}${id}`);
  }
}

/** The innermost code of an error, such as ECONNREFUSED. */
export function reasonOf(error: unknown): string {
  let code = 'unknown error';
  let at: unknown = error;
  while (at instanceof Error) {
    if ('code' in at && typeof at.code === 'string') code = at.code;
    // A host with several addresses: one error for each.
    at = at instanceof AggregateError ? (at.errors[0] as unknown) : at.cause;
  }
  return code;
}

function parsed(text: string): Json | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    return null;
  }
}

function queryOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}
