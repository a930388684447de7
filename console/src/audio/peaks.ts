/** The loudest of each of `buckets` equal parts of the samples; 0 to 1. */
export function peaksOf(samples: Float32Array, buckets: number): number[] {
  const peaks: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * samples.length) / buckets);
    const to = Math.max(from + 1, Math.floor(((bucket + 1) * samples.length) / buckets));
    let peak = 0;
    for (let index = from; index < to && index < samples.length; index++) {
      peak = Math.max(peak, Math.abs(samples[index] ?? 0));
    }
    peaks.push(Math.min(1, peak));
  }
  return peaks;
}

/** A closed outline of the peaks around `middle`, `height` at a peak of 1; each bucket `step` wide. */
export function outlineOf(peaks: readonly number[], step: number, middle: number, height: number): string {
  const at = (index: number, peak: number): string =>
    `${Math.round(index * step * 10) / 10} ${Math.round((middle + peak * height) * 10) / 10}`;
  const least = 0.02;
  const above = peaks.map((peak, index) => at(index, -Math.max(peak, least)));
  const below = peaks.map((peak, index) => at(index, Math.max(peak, least))).reverse();
  return peaks.length === 0 ? '' : `M${[...above, ...below].join('L')}Z`;
}
