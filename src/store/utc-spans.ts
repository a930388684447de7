const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Names an instant (milliseconds since the epoch) by the UTC span of `length` milliseconds that it lies in: so many
 * `characters` of its ISO 8601 form. Nearly always it is the span that was asked for before.
 */
function spans(length: number, characters: number): (instant: number) => string {
  let last = { start: NaN, name: '' };
  return (instant) => {
    const start = Math.floor(instant / length) * length;
    if (start !== last.start) last = { start, name: new Date(start).toISOString().slice(0, characters) };
    return last.name;
  };
}

/** UTC hour of an instant, `YYYY-MM-DDTHH`. */
export const hourOf = spans(HOUR, 13);

/** UTC day of an instant, `YYYY-MM-DD`. */
export const dayOf = spans(DAY, 10);
