/** Answers to FreeSWITCH's questions so far that took at most so many seconds, by that bound; the last bound is infinite. */
export type AnswerCounts = readonly (readonly [seconds: number, count: number])[];

const BUCKET = /^maskline_setup_duration_seconds_bucket\{le="([^"]+)",outcome="answered"\} (\d+)$/gm;

/** What a controller's `/metrics` tell of its answers, those of several controllers together. */
export function answersIn(metrics: readonly string[]): AnswerCounts {
  const counts = new Map<number, number>();
  for (const text of metrics) {
    for (const [, le = '', count = ''] of text.matchAll(BUCKET)) {
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      counts.set(bound, (counts.get(bound) ?? 0) + Number(count));
    }
  }
  return [...counts].toSorted(([one], [other]) => one - other);
}

/** Answers that were given between two looks. */
export function answersBetween(before: AnswerCounts, after: AnswerCounts): AnswerCounts {
  const known = new Map(before);
  return after.map(([bound, count]) => [bound, count - (known.get(bound) ?? 0)]);
}

/** Answers of several looks together. */
export function answersOf(all: readonly AnswerCounts[]): AnswerCounts {
  const counts = new Map<number, number>();
  for (const [bound, count] of all.flat()) counts.set(bound, (counts.get(bound) ?? 0) + count);
  return [...counts].toSorted(([one], [other]) => one - other);
}

/** Share of answers, 0 to 1, that took at most `seconds`, which is one of the bounds. NaN without answers. */
export function shareWithin(answers: AnswerCounts, seconds: number): number {
  const within = answers.find(([bound]) => bound === seconds)?.[1] ?? Number.NaN;
  return within / (answers.at(-1)?.[1] ?? Number.NaN);
}

/**
 * Milliseconds within which a share `p` (0 to 1) of the answers came, by a straight line between the bounds, as
 * Prometheus' `histogram_quantile` has it. NaN without answers.
 */
export function answeredWithin(answers: AnswerCounts, p: number): number {
  const total = answers.at(-1)?.[1] ?? 0;
  if (total === 0) return Number.NaN;
  const wanted = p * total;
  let [from, below] = [0, 0];
  for (const [bound, count] of answers) {
    if (count >= wanted && Number.isFinite(bound)) {
      const part = count === below ? 1 : (wanted - below) / (count - below);
      return (from + (bound - from) * part) * 1_000;
    }
    if (Number.isFinite(bound)) [from, below] = [bound, count];
  }
  return from * 1_000;
}

/** Median and 99th percentile in milliseconds, and how many took at most 10 ms, as cells of a table; empty without answers. */
export function ownShareCells(answers: AnswerCounts): [p50: string, p99: string, within: string] {
  if ((answers.at(-1)?.[1] ?? 0) === 0) return ['', '', ''];
  const at = (p: number): string => answeredWithin(answers, p).toFixed(1);
  return [at(0.5), at(0.99), `${(shareWithin(answers, 0.01) * 100).toFixed(1)} %`];
}

/** What controllers' metrics tell of their answers so far. `urls`: of their APIs; they let us see `/metrics`. */
export async function answersAt(urls: readonly string[]): Promise<AnswerCounts> {
  return answersIn(await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text())));
}
