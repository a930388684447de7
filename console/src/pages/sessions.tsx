import { useState } from 'preact/hooks';

import { PAGE_SIZE, type AccountApi } from '../api/account.js';
import type { Query } from '../api/client.js';
import type { Page, SessionObject } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { ChoiceField, TextField } from '../parts/field.js';
import { Filters } from '../parts/filters.js';
import { Pager } from '../parts/pager.js';
import { PageHead } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useFilteredList } from '../state/list.js';
import { useOnStep } from '../state/on-step.js';
import { hrefOf } from '../state/address.js';
import { count, instantOf, phone, shortId } from '../text/format.js';
import { SESSION_WORDS } from '../text/words.js';
import { CreateSession } from './session-create.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const COLUMNS: readonly Column<SessionObject>[] = [
  { title: 'Session', isMain: true, cell: (session) => <code>{shortId(session.session_uuid)}</code> },
  { title: 'Virtual number', cell: (session) => phone(session.virtual_number) },
  { title: 'First party', cell: (session) => phone(session.first_party) },
  { title: 'Second party', cell: (session) => phone(session.second_party) },
  { title: 'State', cell: (session) => <Badge words={SESSION_WORDS[session.status]} /> },
  { title: 'PIN', cell: (session) => (session.is_pin_authentication_required ? 'asked' : 'no') },
  { title: 'Calls', isNumber: true, cell: (session) => count(session.interaction?.length ?? 0) },
  { title: 'Created', cell: (session) => <Moment at={session.created_time} /> },
  { title: 'Ends', cell: (session) => <Moment at={session.expiry_time} isRelative /> },
];

/** Sessions of the last week, newest first, or what is searched for. */
export function SessionsPage() {
  const { api } = useConsole();
  const [isCreating, setCreating] = useState(false);
  const list = useFilteredList(['find', 'by', 'status'], (query) => found(api, query), 15_000);
  const { resource, filters, hasFilters, toOffset } = list;
  useOnStep(resource.reload, ({ session_uuid: session }) => session !== null);
  return (
    <>
      <PageHead title="Sessions" name="Sessions">
        <button type="button" class="button primary" data-create="" onClick={() => setCreating(true)}>
          New session
        </button>
      </PageHead>
      <Filters key={JSON.stringify(filters)}>
        <TextField
          label="Number or session id"
          name="find"
          input={{ 'data-search': '', type: 'search', defaultValue: filters['find'] ?? '' }}
        />
        <ChoiceField
          label="The number is"
          name="by"
          value={filters['by'] ?? ''}
          options={[
            ['', 'either party'],
            ['first_party', 'the first party'],
            ['second_party', 'the second party'],
            ['virtual_number', 'the virtual number'],
          ]}
        />
        <ChoiceField
          label="State"
          name="status"
          value={filters['status'] ?? ''}
          options={[
            ['', 'any'],
            ['active', 'active'],
            ['in-progress', 'in a call'],
            ['expired', 'over'],
          ]}
        />
      </Filters>
      <Loaded resource={resource} what="sessions">
        {(page) =>
          page.objects.length === 0 ? (
            <NoSessions hasFilters={hasFilters} onCreate={() => setCreating(true)} />
          ) : (
            <>
              <DataTable
                caption="Sessions, newest first"
                columns={COLUMNS}
                rows={page.objects}
                keyOf={(session) => session.session_uuid}
                hrefOf={(session) => hrefOf('sessions', session.session_uuid)}
              />
              <Pager page={page} onOffset={toOffset} />
            </>
          )
        }
      </Loaded>
      {isCreating ? <CreateSession onClose={() => setCreating(false)} /> : null}
    </>
  );
}

function NoSessions({ hasFilters, onCreate }: { hasFilters: boolean; onCreate: () => void }) {
  if (hasFilters) {
    return (
      <Empty title="No session of the last 7 days is like that.">
        Take a filter away; a number is searched whole, with its country. Older ones are found by their id.
      </Empty>
    );
  }
  return (
    <Empty title="No sessions in the last 7 days.">
      <button type="button" class="button" onClick={onCreate}>
        Create one
      </button>{' '}
      here, or with <code>POST Masking/Session/</code>.
    </Empty>
  );
}

/** What the search finds. A party is looked for in both places: that is two questions, whose newest are shown together. */
async function found(api: AccountApi, query: Query): Promise<Page<SessionObject>> {
  const { find, by, ...rest } = query;
  if (typeof find !== 'string') return api.sessions(rest);
  if (UUID.test(find)) {
    const session = await api.session(find.toLowerCase());
    return { meta: { limit: PAGE_SIZE, offset: 0, total_count: 1 }, objects: [session] };
  }
  if (typeof by === 'string') return api.sessions({ ...rest, [by]: find });
  const parts = await Promise.all([
    api.sessions({ ...rest, first_party: find, offset: 0 }),
    api.sessions({ ...rest, second_party: find, offset: 0 }),
  ]);
  const objects = parts
    .flatMap((part) => part.objects)
    .sort((one, other) => (instantOf(other.created_time) ?? 0) - (instantOf(one.created_time) ?? 0))
    .slice(0, PAGE_SIZE);
  return { meta: { limit: PAGE_SIZE, offset: 0, total_count: objects.length }, objects };
}
