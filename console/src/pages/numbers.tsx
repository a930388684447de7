import type { NumberState, PoolState } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { TextField } from '../parts/field.js';
import { Filters } from '../parts/filters.js';
import { Pager } from '../parts/pager.js';
import { PageHead, Panel } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useFilteredList } from '../state/list.js';
import { hrefOf } from '../state/address.js';
import { count, oneIn, percent, phone } from '../text/format.js';
import type { Tone } from '../text/words.js';
import { PAGE_SIZE } from '../api/account.js';

/** From here on a pool is near its end for somebody. */
const NEAR = 0.8;

const COLUMNS: readonly Column<NumberState>[] = [
  { title: 'Number', cell: (each) => phone(each.number) },
  { title: 'Country', cell: (each) => each.country },
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
  { title: 'Last used', cell: (each) => <Moment at={each.last_used_at} isRelative /> },
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
        {({ pool }) => (pool.length === 0 ? null : <Pools pool={pool} />)}
      </Loaded>
      <Filters key={JSON.stringify(filters)}>
        <TextField
          label="Number begins with"
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

function Pools({ pool }: { pool: readonly PoolState[] }) {
  return (
    <Panel title="Pools">
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
          { title: 'Sessions', isNumber: true, cell: (each) => count(each.sessions) },
          { title: 'Fullest person', cell: (each) => <Share share={each.fullest_person_share} /> },
          {
            title: 'Persons near the end',
            isNumber: true,
            cell: (each) => count(each.persons_near_limit),
          },
          { title: 'Stands', cell: (each) => <Badge words={poolWords(each)} /> },
        ]}
      />
    </Panel>
  );
}

function poolWords(pool: PoolState): readonly [string, Tone] {
  if (pool.enabled === 0) return ['no number is enabled', 'bad'];
  if (pool.fullest_person_share >= 1) return ['exhausted for somebody: add numbers', 'bad'];
  if (pool.fullest_person_share >= NEAR) return ['near its end: add numbers', 'warn'];
  return ['room for all', 'good'];
}

/** How much of a pool the person with the most sessions has. */
function Share({ share }: { share: number }) {
  return (
    <span class="load-cell">
      <meter class="load" min={0} max={1} high={NEAR} value={share} aria-label="Of the pool’s numbers" />
      {percent(share, 0)}
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
