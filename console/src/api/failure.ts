/** What a request came to instead of an answer. */
export class RequestFailure extends Error {
  readonly code = 'ERR_CONSOLE_REQUEST';

  /**
   * `status`: of the answer, 0 when none came; `apiId`: stands in the controller's log, too, "" when there is none;
   * `retryAfter`: seconds that the controller asks to wait, null when it does not.
   */
  constructor(
    readonly status: number,
    message: string,
    readonly apiId = '',
    readonly retryAfter: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RequestFailure';
  }
}

/** What the person at the console can do about it: a sentence. */
export function cureOf(failure: RequestFailure): string {
  const { status, retryAfter } = failure;
  if (status === 0) return 'Check that the controller runs and that this machine reaches it, then try again.';
  if (status === 401) return 'Log in again.';
  if (status === 403) return 'Log in with the main account.';
  if (status === 404) return 'It may be past its retention, or its id is wrong: search for it again.';
  if (status === 429) return `Wait ${retryAfter ?? 60} s, then try again.`;
  if (status === 503) return 'Wait some seconds, then try again. If it stays so, look at System.';
  if (status >= 500) {
    const where = failure.apiId === '' ? '' : ` for api_id ${failure.apiId}`;
    return `Look in the controller’s log${where}, and check System for what is down.`;
  }
  return 'Change what was entered, then try again.';
}

/** Names of the parameters that a refusal blames, such as those of `Invalid parameter. first_party should be …`. */
export function blamedFields(message: string, names: readonly string[]): string[] {
  if (!/^(?:Invalid parameter|Mandatory parameter missing)\./.test(message)) return [];
  const words = new Set(message.match(/[a-z_]+/g));
  return names.filter((name) => words.has(name));
}
