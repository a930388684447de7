import { useConsole } from '../state/console-context.js';
import { useNow } from '../state/clock-tick.js';
import { useStore } from '../state/store.js';
import { timeOfDay } from '../text/clock.js';
import { span } from '../text/format.js';

/** The controller's time, and whether the page is live. */
export function ConnectionState() {
  const { live } = useConsole();
  const { state } = useStore(live.connection);
  const now = useNow();
  const words = { live: 'live', connecting: 'connecting', lost: 'not live' }[state];
  return (
    <span class="connection">
      <span class={`badge tone-${state === 'live' ? 'good' : 'warn'}`}>{words}</span>
      <time class="ticking server-time" title="The controller’s clock">
        {timeOfDay(now)}
      </time>
    </span>
  );
}

/** Says since when nothing comes, and tries by itself. */
export function ConnectionBanner() {
  const { live } = useConsole();
  const connection = useStore(live.connection);
  if (connection.state !== 'lost') return null;
  const { since, waitMs } = connection;
  return (
    <div class="banner" role="alert">
      <p>
        <strong>Not live since {timeOfDay(since)}.</strong> What is shown may be old. The next try is in{' '}
        {span(Math.max(1_000, waitMs))}; what was missed is told again then. If it stays so, check that the
        controller runs and that a proxy before it passes event streams on.
      </p>
      <button type="button" class="button" onClick={() => live.reconnect()}>
        Try now
      </button>
    </div>
  );
}
