/** How a value goes with time: a straight line by least squares. */
export interface Trend {
  /** Per hour. */
  readonly slope: number;
  /** Of the line, where the values begin and end. */
  readonly from: number;
  readonly to: number;
}

/** `points`: minute and value. A single point has no slope. */
export function trendOf(points: readonly (readonly [minute: number, value: number])[]): Trend {
  const count = points.length;
  const meanX = points.reduce((sum, [minute]) => sum + minute, 0) / count;
  const meanY = points.reduce((sum, [, value]) => sum + value, 0) / count;
  const spread = points.reduce((sum, [minute]) => sum + (minute - meanX) ** 2, 0);
  const together = points.reduce((sum, [minute, value]) => sum + (minute - meanX) * (value - meanY), 0);
  const perMinute = spread === 0 ? 0 : together / spread;
  const at = (minute: number | undefined): number => meanY + perMinute * ((minute ?? meanX) - meanX);
  return { slope: perMinute * 60, from: at(points[0]?.[0]), to: at(points.at(-1)?.[0]) };
}
