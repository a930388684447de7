import { CallTable } from '../parts/call-table.js';
import { ChoiceField, TextField } from '../parts/field.js';
import { Filters } from '../parts/filters.js';
import { Pager } from '../parts/pager.js';
import { PageHead } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { useFilteredList } from '../state/list.js';
import { useOnStep } from '../state/on-step.js';
import { hrefOf } from '../state/address.js';

const OUTCOMES = [
  ['', 'any'],
  ['connected', 'connected'],
  ['unanswered', 'not answered'],
  ['announced', 'heard an announcement'],
  ['refused', 'refused'],
  ['abandoned', 'caller gave up'],
] as const;

/** Calls, newest first, live ones among them. */
export function CallsPage() {
  const { api } = useConsole();
  const list = useFilteredList(['from', 'to', 'outcome', 'session_uuid'], api.calls);
  const { resource, filters, hasFilters, toOffset } = list;
  useOnStep(resource.reload);
  return (
    <>
      <PageHead title="Calls" name="Calls" />
      <Filters key={JSON.stringify(filters)}>
        <TextField
          label="Caller"
          name="from"
          input={{ 'data-search': '', type: 'tel', defaultValue: filters['from'] ?? '' }}
        />
        <TextField
          label="Virtual number"
          name="to"
          input={{ type: 'tel', defaultValue: filters['to'] ?? '' }}
        />
        <ChoiceField label="Outcome" name="outcome" value={filters['outcome'] ?? ''} options={OUTCOMES} />
        <TextField
          label="Session"
          name="session_uuid"
          input={{ defaultValue: filters['session_uuid'] ?? '' }}
        />
      </Filters>
      <Loaded resource={resource} what="calls">
        {(page) =>
          page.objects.length === 0 ? (
            <NoCalls hasFilters={hasFilters} />
          ) : (
            <>
              <CallTable caption="Calls, newest first" calls={page.objects} />
              <Pager page={page} onOffset={toOffset} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function NoCalls({ hasFilters }: { hasFilters: boolean }) {
  const { session } = useConsole();
  if (hasFilters)
    return (
      <Empty title="No call is like that.">
        Take a filter away, or look at the number’s form: digits with the country.
      </Empty>
    );
  return (
    <Empty title="No calls yet.">
      {session.sandbox ? (
        <>
          Place one under <a href={hrefOf('phones')}>Phones</a>.
        </>
      ) : (
        <>
          Call a virtual number. When nothing shows, ask <a href={hrefOf('why')}>Why?</a> and look at{' '}
          <a href={hrefOf('system')}>System</a>: is a node up, is the trunk?
        </>
      )}
    </Empty>
  );
}
