import type { Overview, Statistics } from '../api/resources.js';
import { TimeChart } from '../charts/time-chart.js';
import { CallTable } from '../parts/call-table.js';
import { PageHead, Panel } from '../parts/panel.js';
import { Empty, Loaded, Loading } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { useResource } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { useStore } from '../state/store.js';
import { count, percent, plural, span } from '../text/format.js';
import type { Tone } from '../text/words.js';

/** Calls that are listed here; the rest is counted. */
const MOST_SHOWN = 25;
const HOUR = 3_600_000;
const STEP_SECONDS = 120;

export function OverviewPage() {
  const { api, clock } = useConsole();
  const overview = useResource('overview', api.overview, 5_000);
  const lastHour = useResource(
    'last-hour',
    () => {
      const end = clock.now();
      return api.statistics({
        start: new Date(end - HOUR).toISOString(),
        end: new Date(end).toISOString(),
        step: STEP_SECONDS,
      });
    },
    30_000,
  );
  return (
    <>
      <PageHead title="Overview" name="Overview" />
      <Loaded resource={overview} what="the state of the system">
        {(value) => <Health overview={value} />}
      </Loaded>
      <LivePanel running={overview.value?.calls_running ?? null} />
      <Loaded resource={lastHour} what="the last hour">
        {(value) => <LastHour statistics={value} />}
      </Loaded>
    </>
  );
}

function LivePanel({ running }: { running: number | null }) {
  const { live } = useConsole();
  const known = useStore(live.running);
  const up = known?.calls.filter(({ ended_at: end }) => end === null).length ?? 0;
  const all = known?.isComplete === false ? Math.max(up, running ?? 0) : up;
  return (
    <Panel title="Live calls" aside={known === null ? null : <span class="tag">{count(all)}</span>}>
      {known === null ? <Loading what="live calls" /> : null}
      {known?.calls.length === 0 ? (
        <Empty title="No call is up.">
          A call shows here at the moment when it comes in. <a href={hrefOf('calls')}>Past calls</a> keep
          their timelines.
        </Empty>
      ) : null}
      {known !== null && known.calls.length > 0 ? (
        <CallTable caption="Live calls" calls={known.calls.slice(0, MOST_SHOWN)} isLive />
      ) : null}
      {all > MOST_SHOWN ? (
        <p class="hint">
          The newest {MOST_SHOWN} of {count(all)}. <a href={hrefOf('calls')}>All calls</a>
        </p>
      ) : null}
    </Panel>
  );
}

function Health({ overview }: { overview: Overview }) {
  const { redis, controllers, nodes, trunks, callbacks, calls_running: running } = overview;
  const nodesUp = nodes.filter(({ state }) => state === 'up').length;
  const trunksUp = trunks.filter(({ state }) => state === 'up').length;
  const { waiting, oldest_seconds: oldest } = callbacks;
  return (
    <ul class="tiles" aria-label="State of the system">
      <Tile name="Calls running" value={count(running)} tone="quiet" note="on all nodes" page="calls" />
      <Tile
        name="Nodes up"
        value={`${nodesUp} of ${nodes.length}`}
        tone={partly(nodesUp, nodes.length)}
        note={nodes.some(({ draining }) => draining) ? 'one is draining' : 'FreeSWITCH'}
        page="system"
      />
      <Tile
        name="Trunks up"
        value={`${trunksUp} of ${trunks.length}`}
        tone={partly(trunksUp, trunks.length)}
        note="to carriers"
        page="system"
      />
      <Tile
        name="Redis"
        value={redis.up ? 'up' : 'down'}
        tone={redis.up ? 'good' : 'bad'}
        note={redis.up ? plural(controllers.length, 'controller') : 'known callers are still connected'}
        page="system"
      />
      <Tile
        name="Callbacks waiting"
        value={count(waiting)}
        tone={(oldest ?? 0) > 300 ? 'warn' : 'good'}
        note={
          oldest === null || waiting === 0 ? 'all are delivered' : `the oldest for ${span(oldest * 1_000)}`
        }
        page="system"
      />
    </ul>
  );
}

function partly(up: number, all: number): Tone {
  return all === 0 || up === 0 ? 'bad' : up < all ? 'warn' : 'good';
}

function Tile(props: { name: string; value: string; note: string; tone: Tone; page: 'calls' | 'system' }) {
  const { name, value, note, tone, page } = props;
  return (
    <li class={`tile tone-${tone}`}>
      <a href={hrefOf(page)}>
        <span class="tile-name">{name}</span>
        <span class="tile-value">{value}</span>
        <span class="tile-note">{note}</span>
      </a>
    </li>
  );
}

function LastHour({ statistics }: { statistics: Statistics }) {
  const { objects, step } = statistics;
  const times = objects.map(({ at }) => Date.parse(at));
  if (objects.every(({ calls }) => calls === 0)) {
    return (
      <Panel title="Last hour">
        <Empty title="No call ended in the last hour.">
          <a href={hrefOf('statistics')}>Statistics</a> go back for 30 days.
        </Empty>
      </Panel>
    );
  }
  return (
    <div class="two">
      <Panel title="Calls, last hour" aside={<a href={hrefOf('statistics')}>Statistics</a>}>
        <TimeChart
          title="Calls, last hour"
          kind="bars"
          height={140}
          step={step * 1_000}
          times={times}
          print={count}
          series={[
            { name: 'connected', colour: 1, values: objects.map(({ connected }) => connected) },
            { name: 'not answered', colour: 2, values: objects.map(({ unanswered }) => unanswered) },
            { name: 'not connected', colour: 3, values: objects.map(({ unconnected }) => unconnected) },
          ]}
        />
      </Panel>
      <Panel title="Answer rate, last hour" aside={<a href={hrefOf('statistics')}>Statistics</a>}>
        <TimeChart
          title="Answer rate, last hour"
          kind="lines"
          height={140}
          top={1}
          step={step * 1_000}
          times={times}
          print={(share) => percent(share, 0)}
          series={[{ name: 'answer rate', colour: 1, values: objects.map((each) => each.answer_rate) }]}
        />
      </Panel>
    </div>
  );
}
