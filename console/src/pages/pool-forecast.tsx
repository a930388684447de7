import type { PoolForecastObject } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { DataTable } from '../parts/data-table.js';
import { Panel } from '../parts/panel.js';
import { Loaded } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { useResource } from '../state/resource.js';
import { count } from '../text/format.js';
import type { Tone } from '../text/words.js';

/** It is read from six weeks of counts, which do not change by the minute. */
const EVERY_MS = 600_000;
/** Days left, from the earliest on, below which numbers should be ordered. */
const SOON = 30;
const ANY_COUNTRY = '*';

/** What each pool of numbers runs out of, and when, where creates have told enough. */
export function PoolForecastPanel() {
  const { api } = useConsole();
  const resource = useResource('forecast', api.poolForecast, EVERY_MS);
  return (
    <Loaded resource={resource} what="the forecast">
      {(pools) => (pools.length === 0 ? null : <Forecasts pools={pools} />)}
    </Loaded>
  );
}

function Forecasts({ pools }: { pools: readonly PoolForecastObject[] }) {
  const hasOwners = pools.some(({ subaccount }) => subaccount !== null);
  return (
    <Panel title="How long they last">
      <DataTable
        caption="Forecast by pool"
        rows={pools}
        keyOf={(each) => `${each.subaccount ?? ''} ${each.scope}`}
        columns={[
          { title: 'Pool', cell: ({ scope }) => (scope === ANY_COUNTRY ? 'all countries' : scope) },
          ...(hasOwners
            ? [{ title: 'Subaccount', cell: (each: PoolForecastObject) => each.subaccount ?? '–' }]
            : []),
          { title: 'Forecast', cell: (each) => <Badge words={forecastWords(each)} /> },
          { title: 'Why', cell: (each) => each.explanation },
          {
            title: 'Numbers to add for 30 days',
            isNumber: true,
            cell: ({ numbers_to_add: more }) => (more === null ? '–' : count(more)),
          },
        ]}
      />
    </Panel>
  );
}

function forecastWords({ resources }: PoolForecastObject): readonly [string, Tone] {
  const [first] = resources;
  if (first === undefined) return ['not used', 'quiet'];
  switch (first.verdict) {
    case 'exhausted':
      return ['used up', 'bad'];
    case 'runs_out':
      return (first.earliest_days ?? 0) < SOON ? ['used up soon', 'warn'] : ['will be used up', 'quiet'];
    case 'too_little_data':
      return ['not known yet', 'quiet'];
    case 'beyond_horizon':
    case 'not_with_this_trend':
      return ['lasts', 'good'];
  }
}
