import { createRequire } from 'node:module';

/**
 * The npm package `plivo`, unmodified. Its requests for masking sessions go to api.plivo.com whatever its
 * options say, so the adapter of its HTTP client is wrapped, and sends them to `url` instead.
 */

type Params = Record<string, unknown>;

/** What the client makes of an answer: its keys in camel case. */
export type Answer = Record<string, unknown>;

/** What the tests use of the client. Its own declarations do not fit what it does. */
export interface PlivoClient {
  readonly maskingSession: {
    createMaskingSession(firstParty: unknown, secondParty: unknown, params?: Params): Promise<Answer>;
    updateMaskingSession(id: string, params?: Params): Promise<Answer>;
    listMaskingSession(params?: Params): Promise<Answer>;
    getMaskingSession(id: string): Promise<Answer>;
    deleteMaskingSession(id: string): Promise<Answer>;
  };
  readonly numbers: {
    addOwnNumber(numbers: string, carrier: string, region: string, params?: Params): Promise<Answer>;
    list(params?: Params): Promise<Answer[] & { meta: Params }>;
    get(number: string): Promise<Answer>;
    update(number: string, params: Params): Promise<Answer>;
    unrent(number: string): Promise<boolean>;
  };
  readonly subAccounts: {
    create(name: string, enabled?: boolean): Promise<Answer>;
    list(params?: Params): Promise<Answer[] & { meta: Params }>;
    get(id: string): Promise<Answer>;
    update(id: string, name: string, enabled?: boolean): Promise<Answer>;
    delete(id: string, cascade?: boolean): Promise<boolean>;
  };
  readonly calls: {
    list(params?: Params): Promise<Answer[] & { meta: Params }>;
    get(id: string): Promise<Answer>;
    listLiveCalls(params?: Params): Promise<Answer[]>;
    getLiveCall(id: string): Promise<Answer>;
    hangup(id: string): Promise<unknown>;
  };
  readonly recordings: {
    list(params?: Params): Promise<Answer[] & { meta: Params }>;
    get(id: string): Promise<Answer>;
    delete(id: string): Promise<boolean>;
  };
}

/** An error of the client. `name` is that of its class. */
export interface PlivoError extends Error {
  readonly status: number;
  readonly apiID: string;
}

interface Axios {
  readonly defaults: { adapter: unknown };
  getAdapter(name: string): (config: { url?: string }) => Promise<unknown>;
}

const require = createRequire(import.meta.url);
const { Client } = require('plivo') as { Client: new (id: string, token: string) => PlivoClient };
const axios = createRequire(require.resolve('plivo'))('axios') as Axios;

let target = '';
const http = axios.getAdapter('http');
axios.defaults.adapter = (config: { url?: string }) =>
  http({ ...config, url: config.url?.replace('https://api.plivo.com', target) ?? '' });

/** A client for the API at `url` (no trailing slash). All clients of a process speak to one API. */
export function plivoClient(url: string, id: string, token: string): PlivoClient {
  target = url;
  return new Client(id, token);
}

/** The name of the class of what `work` was refused with, and what it says. Throws when it was not refused. */
export async function refusalOf(
  work: Promise<unknown>,
): Promise<{ type: string; status: number; message: string; apiId: string }> {
  let answer: unknown;
  try {
    answer = await work;
  } catch (error) {
    const { status, message, apiID } = error as PlivoError;
    return { type: (error as Error).constructor.name, status, message, apiId: apiID };
  }
  throw new Error(`it was not refused: ${JSON.stringify(answer)}`);
}
