/** A text in which no number may stand, and where it is from. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Names of files, and of which folder. */
export interface NamedFiles {
  readonly name: string;
  readonly names: readonly string[];
}

/** A stack that is up, and how its traces are got at. Nothing in it is stopped or changed. */
export interface RunningStack {
  /** Base of the HTTP API, without a trailing slash. */
  readonly apiUrl: string;
  readonly account: { readonly id: string; readonly token: string };
  /** Two softphone accounts (digits of their numbers), the address and UDP port at which they register. */
  readonly softphones: {
    readonly server: string;
    readonly port: number;
    readonly password: string;
    readonly users: readonly [first: string, second: string];
  };
  readonly redisUrl: string;
  /** What the controllers and FreeSWITCH logged, at least since the beginning of the check. */
  logs(): Promise<readonly NamedText[]>;
  /** What Redis keeps on disk. */
  filesOfRedis(): Promise<readonly NamedText[]>;
  /** Recordings, prompts and CDRs. */
  folders(): Promise<readonly NamedFiles[]>;
}

/** The check cannot be made; the message says what to do. */
export class CannotCheckError extends Error {
  override readonly name = 'CannotCheckError';
}

export type Settings = Readonly<Partial<Record<string, string>>>;

/** A setting that has to be there. @throws CannotCheckError */
export function needed(settings: Settings, name: string): string {
  const value = settings[name];
  if (value === undefined || value === '') {
    throw new CannotCheckError(`${name} is not set: the check reads .env and the environment`);
  }
  return value;
}

/** What every kind of stack reads from its settings. @throws CannotCheckError */
export function commonPart(settings: Settings): Pick<RunningStack, 'apiUrl' | 'account' | 'softphones'> {
  if (settings['SOFTPHONES'] === 'false') {
    throw new CannotCheckError('the check calls with two softphones: set SOFTPHONES=true while it runs');
  }
  const [first, second] = needed(settings, 'SOFTPHONE_NUMBERS').split(',');
  if (first === undefined || second === undefined) {
    throw new CannotCheckError('SOFTPHONE_NUMBERS must name two softphones');
  }
  return {
    apiUrl: settings['MASKLINE_URL'] ?? `http://127.0.0.1:${settings['HTTP_PORT'] ?? '8080'}`,
    account: { id: needed(settings, 'AUTH_ID'), token: needed(settings, 'AUTH_TOKEN') },
    softphones: {
      server: settings['SOFTPHONE_IP'] ?? settings['SIP_TRUNK_IP'] ?? settings['HOST_IP'] ?? '127.0.0.1',
      port: Number(settings['SOFTPHONE_PORT'] ?? '5060'),
      password: needed(settings, 'SOFTPHONE_PASSWORD'),
      users: [first, second],
    },
  };
}
