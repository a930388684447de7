import type { Accounts, Credentials, Session } from './credentials.js';

/** Seconds that a session of this page lives. */
const SESSION_EXPIRY = 3_600;

/** A prompt is mandatory with PINs. Nothing has this name, so the built-in one is played. */
const NO_PROMPT = 'https://prompt.invalid/enter-pin.wav';

/** What went wrong, for the person before the screen: with the cure. */
export class Problem extends Error {}

interface SessionObject {
  readonly session_uuid: string;
  readonly virtual_number: string;
  readonly first_party_pin: string | null;
}

/** The controller that served this page. */
export class Api {
  readonly #credentials: Credentials;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  async accounts(): Promise<Accounts> {
    return (await this.#send('POST', new URL(`accounts/${this.#id}/`, document.baseURI))) as Accounts;
  }

  /** Digits of virtual numbers, at most 20. */
  async numbers(): Promise<string[]> {
    const { objects } = (await this.#send('GET', this.#path('Number/?limit=20'))) as {
      objects: { number: string; enabled: boolean }[];
    };
    return objects.filter(({ enabled }) => enabled).map(({ number }) => number);
  }

  /** Sessions between the two, newest first. */
  async sessions(first: string, second: string): Promise<Session[]> {
    const query = new URLSearchParams({ first_party: first, second_party: second, limit: '20' });
    const found: Session[] = [];
    for (const status of ['in-progress', 'active']) {
      query.set('status', status);
      const { response } = (await this.#send('GET', this.#path(`Masking/Session/?${query.toString()}`))) as {
        response: { objects: SessionObject[] };
      };
      found.push(...response.objects.map(sessionOf));
    }
    return found;
  }

  async createSession(first: string, second: string, withPin: boolean): Promise<Session> {
    const { session } = (await this.#send('POST', this.#path('Masking/Session/'), {
      first_party: first,
      second_party: second,
      geomatch: false,
      session_expiry: SESSION_EXPIRY,
      ...(withPin
        ? {
            is_pin_authentication_required: true,
            force_pin_authentication: true,
            generate_pin: true,
            pin_prompt_play: NO_PROMPT,
            pin_retry_wait: 10,
          }
        : {}),
    })) as { session: SessionObject };
    return sessionOf(session);
  }

  async endSession(id: string): Promise<void> {
    await this.#send('DELETE', this.#path(`Masking/Session/${id}/`));
  }

  get #id(): string {
    return encodeURIComponent(this.#credentials.id);
  }

  #path(path: string): URL {
    return new URL(`../v1/Account/${this.#id}/${path}`, document.baseURI);
  }

  async #send(method: string, url: URL, body?: unknown): Promise<unknown> {
    const { id, token } = this.#credentials;
    let answer: Response;
    try {
      answer = await fetch(url, {
        method,
        headers: {
          authorization: `Basic ${btoa(`${id}:${token}`)}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        // Without it a browser would ask for the password itself after a refusal.
        credentials: 'omit',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new Problem(`The controller does not answer. Look at it: docker compose ps.`);
    }
    const text = await answer.text();
    if (answer.ok) return text === '' ? {} : JSON.parse(text);
    throw new Problem(refusalOf(answer.status, answer.headers.get('retry-after'), text));
  }
}

function sessionOf(session: SessionObject): Session {
  return {
    id: session.session_uuid,
    number: session.virtual_number,
    pin: session.first_party_pin,
  };
}

function refusalOf(status: number, retryAfter: string | null, text: string): string {
  switch (status) {
    case 401:
      return 'Wrong account or token. They are AUTH_ID and AUTH_TOKEN in the file .env; npm start prints them.';
    case 403:
      return 'Only the main account may use these phones: give AUTH_ID and AUTH_TOKEN of the file .env.';
    case 429:
      return `Too many attempts. Try again in ${retryAfter ?? 'some'} seconds.`;
    default:
      return `The controller refuses: ${errorIn(text)}`;
  }
}

function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error : text;
  } catch {
    return text;
  }
}
