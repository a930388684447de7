/** Why an attempt failed, as far as a retry depends on it; `other` is anything else, a redirect say. */
export type FailureClass = 'ct' | 'rt' | '4xx' | '5xx' | 'other';

/** How one callback is delivered. Times in milliseconds. */
export interface DeliveryRules {
  /** To connect, from the look-up of the name on. */
  readonly connectTimeout: number;
  /** Until the answer's headers are there, from the connection on. */
  readonly readTimeout: number;
  /** For one attempt as a whole. */
  readonly totalTimeout: number;
  /** Attempts after the first. */
  readonly retries: number;
  readonly retryOn: ReadonlySet<FailureClass>;
}

/** What the operator decides for every receiver. */
export interface RetryDefaults {
  readonly retries: number;
  readonly retryOn: readonly FailureClass[];
}

export const EVERY_FAILURE: readonly FailureClass[] = ['ct', 'rt', '4xx', '5xx', 'other'];

/** Plivo's, for the callbacks of calls (docs: callback configurations). */
const CONNECT_TIMEOUT = 2_000;
const READ_TIMEOUT = 40_000;
const TOTAL_TIMEOUT = 55_000;

/**
 * The rules of a URL: the defaults, and what its fragment says otherwise
 * (`#ct=2000&rt=3000&tt=5000&rc=2&rp=ct,rt,5xx`). What is out of its range, or means nothing, counts as
 * not said; `er`, the region that Plivo calls from, is ours to ignore.
 */
export function rulesOf(url: string, defaults: RetryDefaults): DeliveryRules {
  const hash = url.indexOf('#');
  const said = new URLSearchParams(hash === -1 ? '' : url.slice(hash + 1));
  return {
    connectTimeout: integer(said.get('ct'), 100, 10_000) ?? CONNECT_TIMEOUT,
    readTimeout: integer(said.get('rt'), 100, 40_000) ?? READ_TIMEOUT,
    totalTimeout: integer(said.get('tt'), 100, 55_000) ?? TOTAL_TIMEOUT,
    retries: integer(said.get('rc'), 0, 5) ?? defaults.retries,
    retryOn: new Set(failuresIn(said.get('rp') ?? '') ?? defaults.retryOn),
  };
}

/** The failures that a list such as `ct,rt,5xx` or `all` names; null when one of them means nothing. */
export function failuresIn(list: string): FailureClass[] | null {
  const names = list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.length === 0) return null;
  if (names.includes('all')) return [...EVERY_FAILURE];
  const known = EVERY_FAILURE.filter((each) => each !== 'other' && names.includes(each));
  return known.length === new Set(names).size ? known : null;
}

function integer(text: string | null, min: number, max: number): number | null {
  const number = text !== null && /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  return number >= min && number <= max ? number : null;
}
