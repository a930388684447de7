import type { Client, Query } from './client.js';
import type {
  AuditObject,
  CallbackObject,
  Explanation,
  NumbersPage,
  Overview,
  Page,
  PoolForecastObject,
  RecordingObject,
  SessionEvent,
  SessionObject,
  Statistics,
} from './resources.js';
import type { CallTrace, CallTraceSummary } from './trace.js';

/** What a reveal can be asked for. */
export interface Revealable {
  readonly session: SessionObject;
  readonly call: Readonly<Record<string, unknown>>;
  readonly trace: CallTrace;
  readonly recording: RecordingObject;
  readonly callback: CallbackObject;
}

/** Entries of a list that are shown at a time: the most that the API gives. */
export const PAGE_SIZE = 20;

/** What the console asks the controller for, by the name of the thing. All of it throws RequestFailure. */
export class AccountApi {
  private readonly base: string;

  constructor(
    private readonly client: Client,
    authId: string,
  ) {
    this.base = `/v1/Account/${encodeURIComponent(authId)}`;
  }

  /** Where the live feed is. */
  get feedPath(): string {
    return `${this.client.root}${this.base}/Masking/Explain/Call/Events/`;
  }

  overview = (): Promise<Overview> => this.client.get('/console/api/overview');

  numbers = (query: Query): Promise<NumbersPage> => this.client.get('/console/api/numbers', { query });

  /** The most urgent first. */
  poolForecast = async (): Promise<readonly PoolForecastObject[]> =>
    (await this.client.get<{ objects: readonly PoolForecastObject[] }>(`${this.base}/Masking/Pool/Forecast/`))
      .objects;

  calls = (query: Query): Promise<Page<CallTraceSummary>> =>
    this.client.get(`${this.base}/Masking/Explain/Call/`, { query });

  call = async (uuid: string): Promise<CallTrace> =>
    (await this.client.get<{ response: CallTrace }>(`${this.base}/Masking/Explain/Call/${idIn(uuid)}/`))
      .response;

  /** Both legs of a call that is up end. */
  hangUp = (uuid: string): Promise<unknown> => this.client.delete(`${this.base}/Call/${idIn(uuid)}/`);

  explain = async (call: Readonly<Record<string, string>>): Promise<Explanation> =>
    (await this.client.post<{ response: Explanation }>(`${this.base}/Masking/Explain/`, call)).response;

  sessions = async (query: Query): Promise<Page<SessionObject>> =>
    (await this.client.get<{ response: Page<SessionObject> }>(`${this.base}/Masking/Session/`, { query }))
      .response;

  session = async (uuid: string): Promise<SessionObject> =>
    (await this.client.get<{ response: SessionObject }>(this.sessionPath(uuid))).response;

  createSession = async (body: Readonly<Record<string, unknown>>): Promise<SessionObject> =>
    (await this.client.post<{ session: SessionObject }>(`${this.base}/Masking/Session/`, body)).session;

  /** The session lasts `seconds` from now on. */
  extendSession = async (uuid: string, seconds: number): Promise<SessionObject> =>
    (await this.client.post<{ session: SessionObject }>(this.sessionPath(uuid), { session_expiry: seconds }))
      .session;

  endSession = (uuid: string): Promise<unknown> => this.client.delete(this.sessionPath(uuid));

  sessionEvents = async (uuid: string): Promise<readonly SessionEvent[]> =>
    (await this.client.get<{ objects: readonly SessionEvent[] }>(`${this.sessionPath(uuid)}Event/`)).objects;

  callbacks = (uuid: string, query: Query): Promise<Page<CallbackObject> & { lost_count: number }> =>
    this.client.get(`${this.sessionPath(uuid)}Callback/`, { query });

  sendAgain = (uuid: string, callbackId: string): Promise<unknown> =>
    this.client.post(`${this.sessionPath(uuid)}Callback/${idIn(callbackId)}/`);

  recordings = (query: Query): Promise<Page<RecordingObject>> =>
    this.client.get(`${this.base}/Recording/`, { query });

  recording = (id: string): Promise<RecordingObject> =>
    this.client.get(`${this.base}/Recording/${idIn(id)}/`);

  statistics = (query: Query): Promise<Statistics> =>
    this.client.get(`${this.base}/Masking/Statistics/`, { query });

  audit = (query: Query): Promise<Page<AuditObject>> => this.client.get(`${this.base}/Audit/`, { query });

  /** The thing with its numbers and PINs in clear. The controller enters it in the audit log before it answers. */
  reveal = <Kind extends keyof Revealable>(kind: Kind, id: string): Promise<Revealable[Kind]> =>
    this.client.post('/console/reveal', { kind, id });

  /** The audio of a recording, below this page's own origin: `recording_url` names the public one. */
  audioUrl({ recording_url: url }: RecordingObject): string {
    const { pathname, search } = new URL(url, location.href);
    const own = pathname.slice(Math.max(0, pathname.indexOf('/v1/Account/')));
    return `${this.client.root}${own}${search}`;
  }

  private sessionPath(uuid: string): string {
    return `${this.base}/Masking/Session/${idIn(uuid)}/`;
  }
}

function idIn(id: string): string {
  return encodeURIComponent(id);
}
