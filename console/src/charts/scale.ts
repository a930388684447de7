/** The top of an axis that `most` fits below, and what its ticks are apart: 1, 2 or 5 times a power of ten. */
export function axisOf(most: number, ticks = 4): { readonly top: number; readonly step: number } {
  if (!(most > 0)) return { top: 1, step: 1 };
  const raw = most / ticks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * power >= raw * (1 - 1e-9)) ?? 10) * power;
  return { top: Math.ceil(most / step - 1e-9) * step, step };
}

/** A path through the points that have a value: a gap where one has none. */
export function linePath(points: readonly { readonly x: number; readonly y: number | null }[]): string {
  let isPenDown = false;
  const parts: string[] = [];
  points.forEach(({ x, y }, index) => {
    if (y === null) {
      isPenDown = false;
      return;
    }
    const isAlone = !isPenDown && (points[index + 1]?.y ?? null) === null;
    parts.push(`${isPenDown ? 'L' : 'M'}${round(x)} ${round(y)}`);
    // A point with no neighbour would be no line at all: round ends make it a dot.
    if (isAlone) parts.push('h0');
    isPenDown = true;
  });
  return parts.join('');
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Which of `labels` labels there is room for: every so many, always with the first. */
export function everyOf(labels: number, room: number): number {
  return Math.max(1, Math.ceil(labels / Math.max(1, Math.floor(room))));
}
