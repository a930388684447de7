import { useState } from 'preact/hooks';

import type { Statistics, StatisticsObject } from '../api/resources.js';
import { CauseBars } from '../charts/cause-bars.js';
import { ChartPanel } from '../charts/chart-panel.js';
import { failureTotals } from '../charts/failures.js';
import type { Series } from '../charts/time-chart.js';
import { Choice } from '../parts/choice.js';
import { PageHead, Panel } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { useResource } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { count, percent, span } from '../text/format.js';

/** Seconds that are looked at, and of one step. */
const RANGES = {
  hour: { title: 'last hour', length: 3_600, step: 60 },
  day: { title: 'last 24 hours', length: 86_400, step: 1_800 },
  week: { title: 'last 7 days', length: 604_800, step: 10_800 },
  month: { title: 'last 30 days', length: 2_592_000, step: 86_400 },
} as const;
type Range = keyof typeof RANGES;

/** Failure causes that have a colour of their own; the rest is one. */
const MOST_CAUSES = 4;

export function StatisticsPage() {
  const { api, clock } = useConsole();
  const [range, setRange] = useState<Range>('day');
  const { length, step } = RANGES[range];
  const statistics = useResource(
    `statistics ${range}`,
    () => {
      // Whole steps, the one that is under way among them.
      const end = Math.ceil(clock.now() / (step * 1_000)) * step * 1_000;
      return api.statistics({
        start: new Date(end - length * 1_000).toISOString(),
        end: new Date(end).toISOString(),
        step,
      });
    },
    60_000,
  );
  return (
    <>
      <PageHead title="Statistics" name="Statistics">
        <Choice
          legend="Time that is shown"
          options={Object.entries(RANGES).map(([each, { title }]) => [each as Range, title])}
          value={range}
          onChange={setRange}
        />
      </PageHead>
      <Loaded resource={statistics} what="statistics">
        {(value) =>
          value.objects.every(({ calls }) => calls === 0) ? (
            <Empty title={`No calls in the ${RANGES[range].title}.`}>
              Choose a longer time. <a href={hrefOf('why')}>Why?</a> tells what a call would come to.
            </Empty>
          ) : (
            <Charts statistics={value} />
          )
        }
      </Loaded>
    </>
  );
}

function Charts({ statistics }: { statistics: Statistics }) {
  const { objects } = statistics;
  const shared = {
    times: objects.map(({ at }) => Date.parse(at)),
    step: statistics.step * 1_000,
  };
  const causes = failureTotals(objects);
  return (
    <>
      <Totals objects={objects} />
      <div class="two">
        <ChartPanel
          {...shared}
          title="Calls"
          kind="bars"
          print={count}
          series={[
            { name: 'connected', colour: 1, values: objects.map(({ connected }) => connected) },
            { name: 'not answered', colour: 2, values: objects.map(({ unanswered }) => unanswered) },
            { name: 'not connected', colour: 3, values: objects.map(({ unconnected }) => unconnected) },
          ]}
        />
        <ChartPanel
          {...shared}
          title="Answer rate"
          kind="lines"
          top={1}
          print={(share) => percent(share, 0)}
          series={[
            {
              name: 'connected, of those that were dialed',
              colour: 1,
              values: objects.map((each) => each.answer_rate),
            },
          ]}
        />
        <ChartPanel
          {...shared}
          title="Post-dial delay"
          kind="lines"
          print={span}
          series={[
            { name: 'median', colour: 1, values: objects.map((each) => each.post_dial_delay.p50_ms) },
            {
              name: '95th percentile',
              colour: 2,
              values: objects.map((each) => each.post_dial_delay.p95_ms),
            },
          ]}
        />
        <ChartPanel
          {...shared}
          title="Failures by cause"
          kind="bars"
          print={count}
          series={causeSeries(objects, causes.slice(0, MOST_CAUSES))}
        />
      </div>
      <Panel title="Causes">
        {causes.length === 0 ? <Empty title="Nothing failed." /> : <CauseBars causes={causes} />}
      </Panel>
    </>
  );
}

function causeSeries(objects: readonly StatisticsObject[], causes: readonly { cause: string }[]): Series[] {
  const own = new Set(causes.map(({ cause }) => cause));
  const others = objects.map(({ failures }) =>
    Object.entries(failures).reduce((sum, [cause, times]) => (own.has(cause) ? sum : sum + times), 0),
  );
  const series: Series[] = causes.map(({ cause }, index) => ({
    name: cause,
    colour: COLOURS[index] ?? 5,
    values: objects.map(({ failures }) => failures[cause] ?? 0),
  }));
  return others.some((times) => times > 0)
    ? [...series, { name: 'others', colour: 5, values: others }]
    : series;
}

const COLOURS = [3, 2, 4, 1] as const;

function Totals({ objects }: { objects: readonly StatisticsObject[] }) {
  const sum = (of: (step: StatisticsObject) => number): number =>
    objects.reduce((total, step) => total + of(step), 0);
  const calls = sum((step) => step.calls);
  const connected = sum((step) => step.connected);
  const dialed = connected + sum((step) => step.unanswered);
  const talked = sum((step) => step.talk_seconds) * 1_000;
  return (
    <ul class="tiles" aria-label="In all">
      <Total name="Calls" value={count(calls)} note="in all" />
      <Total
        name="Connected"
        value={count(connected)}
        note={`${percent(calls === 0 ? null : connected / calls)} of all`}
      />
      <Total
        name="Answer rate"
        value={percent(dialed === 0 ? null : connected / dialed)}
        note={`of ${count(dialed)} that were dialed`}
      />
      <Total
        name="Talk"
        value={span(talked)}
        note={connected === 0 ? 'none' : `${span(talked / connected)} on average`}
      />
    </ul>
  );
}

function Total({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <li class="tile tone-quiet">
      <p>
        <span class="tile-name">{name}</span>
        <span class="tile-value">{value}</span>
        <span class="tile-note">{note}</span>
      </p>
    </li>
  );
}
