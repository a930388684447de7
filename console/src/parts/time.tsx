import { useNow } from '../state/clock-tick.js';
import { inUtc, moment } from '../text/clock.js';
import { fromNow, instantOf, timer } from '../text/format.js';

/** An instant of the API's. UTC, as logs have it, is its tooltip. */
export function Moment({ at, isRelative = false }: { at: string | null; isRelative?: boolean }) {
  const now = useNow(isRelative);
  const instant = instantOf(at);
  if (instant === null) return <>–</>;
  return (
    <time dateTime={new Date(instant).toISOString()} title={inUtc(instant)}>
      {isRelative ? fromNow(instant, now) : moment(instant, now)}
    </time>
  );
}

/** How long it is since an instant, ticking on the controller's clock. */
export function Ticking({ since }: { since: string | null }) {
  const now = useNow();
  const instant = instantOf(since);
  return <span class="ticking">{instant === null ? '–' : timer(now - instant)}</span>;
}
