import type { ServerClock } from '../state/server-clock.js';
import { RequestFailure } from './failure.js';

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** How long an answer may take. Milliseconds: some longer than the slowest that the controller gives. */
const PATIENCE = 20_000;
/** What the session cookie is honoured with: no page of another origin can send it unasked. */
export const CONSOLE_HEADER = { 'x-maskline-console': '1' } as const;

/** Requests to the controller that serves this page, with its cookie. */
export class Client {
  /** `root`: path below which the controller's own paths are, "" unless a proxy moves them. */
  constructor(
    readonly root: string,
    readonly clock: ServerClock,
    private readonly onLoggedOut: () => void,
  ) {}

  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.request<T>('GET', path, options);
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.request<T>('POST', path, { body });
  }

  delete(path: string): Promise<unknown> {
    return this.request('DELETE', path, {});
  }

  /** Throws RequestFailure. What has no body is null. */
  private async request<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    const { body, signal, query } = options;
    const asked = Date.now();
    const limits = [AbortSignal.timeout(PATIENCE), ...(signal === undefined ? [] : [signal])];
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.root}${path}${queryOf(query)}`, {
        method,
        headers: {
          ...CONSOLE_HEADER,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        credentials: 'same-origin',
        cache: 'no-store',
        signal: AbortSignal.any(limits),
      });
      text = await response.text();
    } catch (cause) {
      throw new RequestFailure(0, 'The controller does not answer.', '', null, { cause });
    }
    this.clock.note(response.headers.get('date'), asked, Date.now());
    const answer = parsed(text);
    if (response.ok) return answer as T;
    if (response.status === 401 && path !== '/console/login') this.onLoggedOut();
    throw failureOf(response, answer);
  }
}

/** `?a=1&b=2` of what is given, or "". */
export function queryOf(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function failureOf(response: Response, answer: unknown): RequestFailure {
  const { error, api_id: apiId } = (answer ?? {}) as { error?: unknown; api_id?: unknown };
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new RequestFailure(
    response.status,
    typeof error === 'string' ? error : `The controller answered ${response.status}.`,
    typeof apiId === 'string' ? apiId : '',
    Number.isFinite(wait) ? wait : null,
  );
}
