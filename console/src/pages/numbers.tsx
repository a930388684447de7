import type { NumbersPage as Numbers, NumberState, PoolState } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { TextField } from '../parts/field.js';
import { Filters } from '../parts/filters.js';
import { Pager } from '../parts/pager.js';
import { PageHead, Panel } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { useFilteredList } from '../state/list.js';
import { hrefOf } from '../state/address.js';
import { count, oneIn, phone, plural } from '../text/format.js';
import type { Tone } from '../text/words.js';
import { PAGE_SIZE } from '../api/account.js';
import { PoolForecastPanel } from './pool-forecast.js';

/** From here on a pool is near its end for somebody. */
const NEAR = 0.8;

const COLUMNS: readonly Column<NumberState>[] = [
  {
    title: 'Number',
    cell: (each) => (
      <>
        {phone(each.number)} {each.alias === '' ? null : <span class="hint">{each.alias}</span>}
      </>
    ),
  },
  { title: 'Country', cell: (each) => (each.country === '' ? '–' : each.country) },
  {
    title: 'State',
    cell: (each) => <Badge words={each.enabled ? ['enabled', 'good'] : ['disabled', 'quiet']} />,
  },
  { title: 'Sessions', isNumber: true, cell: (each) => count(each.live_sessions) },
  { title: 'Calls now', cell: (each) => <Load now={each.calls_now} most={each.max_calls} /> },
  { title: 'Live PINs', cell: (each) => <Pins pins={each.live_pins} /> },
  {
    title: 'In cool-off',
    isNumber: true,
    cell: (each) => (each.in_cool_off === 0 ? '–' : count(each.in_cool_off)),
  },
  { title: 'Trunk', cell: (each) => each.trunk ?? 'any' },
];

/** Virtual numbers: their load, and how near the pools of the countries are to their end. */
export function NumbersPage() {
  const { api } = useConsole();
  const { resource, filters, hasFilters, toOffset } = useFilteredList(['search'], api.numbers, 10_000);
  const offset = Number(new URLSearchParams(location.hash.split('?')[1]).get('offset') ?? 0);
  return (
    <>
      <PageHead title="Numbers" name="Numbers" />
      <Loaded resource={resource} what="numbers">
        {({ pool, creates }) => (pool.length === 0 ? null : <Pools pool={pool} creates={creates} />)}
      </Loaded>
      <PoolForecastPanel />
      <Filters key={JSON.stringify(filters)}>
        <TextField
          label="Number, alias, country or trunk"
          name="search"
          input={{ 'data-search': '', type: 'search', defaultValue: filters['search'] ?? '' }}
        />
      </Filters>
      {resource.value === null ? null : resource.value.objects.length === 0 ? (
        <Empty title={hasFilters ? 'No number is like that.' : 'There are no virtual numbers.'}>
          Numbers are added with <code>POST Number/</code>, or with VIRTUAL_NUMBERS in the configuration.
        </Empty>
      ) : (
        <>
          <DataTable
            caption="Virtual numbers"
            columns={COLUMNS}
            rows={resource.value.objects}
            keyOf={(each) => each.number}
          />
          <Pager
            page={{
              meta: { limit: PAGE_SIZE, offset, total_count: resource.value.total },
              objects: resource.value.objects,
            }}
            onOffset={toOffset}
          />
        </>
      )}
      <p class="hint">
        A person has one session per number. <a href={hrefOf('sessions')}>Sessions</a> that end free their
        number at once, or after their cool-off.
      </p>
    </>
  );
}

function Pools({ pool, creates }: Pick<Numbers, 'pool' | 'creates'>) {
  const { created, exhausted } = creates;
  return (
    <Panel title="Pools">
      <p class={exhausted === 0 ? 'hint' : 'failure'}>
        {exhausted === 0 ? (
          <>{plural(created, 'session')} in the last 24 hours, and each found a number.</>
        ) : (
          <>
            <strong>
              {plural(exhausted, 'create')} of the last 24 hours found no number ({count(created)} found one).
            </strong>{' '}
            Add numbers to the pool of the parties’ country, or let sessions end earlier.
          </>
        )}
      </p>
      <DataTable
        caption="Pools by country"
        rows={pool}
        keyOf={(each) => each.country}
        columns={[
          { title: 'Country', cell: (each) => (each.country === '' ? 'unknown' : each.country) },
          {
            title: 'Numbers',
            isNumber: true,
            cell: (each) =>
              `${count(each.enabled)}${each.disabled === 0 ? '' : ` (${count(each.disabled)} off)`}`,
          },
          { title: 'Sessions', isNumber: true, cell: (each) => countOr(each.sessions) },
          { title: 'In cool-off', isNumber: true, cell: (each) => countOr(each.in_cool_off) },
          { title: 'Numbers with sessions', cell: (each) => <InUse pool={each} /> },
          { title: 'Stands', cell: (each) => <Badge words={poolWords(each)} /> },
        ]}
      />
    </Panel>
  );
}

function countOr(value: number | null): string {
  return value === null ? 'not counted' : count(value);
}

function poolWords({ enabled, numbers_without_sessions: free }: PoolState): readonly [string, Tone] {
  if (enabled === 0) return ['no number is enabled', 'bad'];
  if (free === null) return ['too many to be counted', 'quiet'];
  if (free === 0) return ['none takes just anybody: add numbers', 'warn'];
  if (free <= enabled * (1 - NEAR)) return ['near its end: add numbers', 'warn'];
  return ['room for all', 'good'];
}

/** How much of a pool is in use. */
function InUse({ pool: { enabled, numbers_without_sessions: free } }: { pool: PoolState }) {
  if (free === null || enabled === 0) return <>–</>;
  return (
    <span class="load-cell">
      <meter
        class="load"
        min={0}
        max={enabled}
        high={enabled * NEAR}
        value={enabled - free}
        aria-label="Numbers with sessions, of those enabled"
      />
      {count(enabled - free)} of {count(enabled)}
    </span>
  );
}

function Load({ now, most }: { now: number; most: number | null }) {
  if (most === null) return <>{count(now)}</>;
  return (
    <span class="load-cell">
      <meter
        class="load"
        min={0}
        max={most}
        high={most * NEAR}
        value={now}
        aria-label="Of the calls it may have"
      />
      {count(now)} of {count(most)}
    </span>
  );
}

function Pins({ pins }: { pins: NumberState['live_pins'] }) {
  if (pins.length === 0) return <>–</>;
  return (
    <>
      {pins.map(({ length, count: live, guess_chance: chance }) => (
        <span key={length} class="pins">
          {count(live)} with {length} digits: a guess hits {oneIn(chance)}
        </span>
      ))}
    </>
  );
}
