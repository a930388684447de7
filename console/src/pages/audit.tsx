import type { AuditObject } from '../api/resources.js';
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
import { AUDIT_WORDS } from '../text/words.js';

const COLUMNS: readonly Column<AuditObject>[] = [
  { title: 'Time', cell: (entry) => <Moment at={entry.time} /> },
  { title: 'Action', cell: (entry) => <code>{entry.action}</code> },
  { title: 'Target', cell: (entry) => <span class="id">{entry.target === '' ? '–' : entry.target}</span> },
  { title: 'By', cell: (entry) => <span class="id">{entry.auth_id}</span> },
  { title: 'From', cell: (entry) => entry.peer },
  {
    title: 'Parameters',
    cell: (entry) => (
      <span class="why-cell">{entry.fields.length === 0 ? '–' : entry.fields.join(', ')}</span>
    ),
  },
  { title: 'Outcome', cell: (entry) => <Badge words={AUDIT_WORDS[entry.outcome]} /> },
];

/** Who changed or revealed what. */
export function AuditPage() {
  const { api } = useConsole();
  const names = ['action', 'target', 'auth_id', 'outcome'];
  const { resource, filters, hasFilters, toOffset } = useFilteredList(names, api.audit, 30_000);
  const text = (name: string): Record<string, unknown> => ({ defaultValue: filters[name] ?? '' });
  return (
    <>
      <PageHead title="Audit" name="Audit" />
      <Filters key={JSON.stringify(filters)}>
        <TextField
          label="Action"
          name="action"
          hint="Such as createSession, console.reveal"
          input={{ 'data-search': '', ...text('action') }}
        />
        <TextField label="Target" name="target" input={text('target')} />
        <TextField label="By" name="auth_id" input={text('auth_id')} />
        <ChoiceField
          label="Outcome"
          name="outcome"
          value={filters['outcome'] ?? ''}
          options={[
            ['', 'any'],
            ['done', 'done'],
            ['failed', 'failed'],
            ['unknown', 'not known'],
          ]}
        />
      </Filters>
      <Loaded resource={resource} what="the audit log">
        {(page) =>
          page.objects.length === 0 ? (
            <Empty title={hasFilters ? 'No entry is like that.' : 'Nothing was changed in the last 7 days.'}>
              Each change over the API, and each reveal here, makes an entry.
            </Empty>
          ) : (
            <>
              <DataTable
                caption="Audit log, newest first"
                columns={COLUMNS}
                rows={page.objects}
                keyOf={(entry) => `${entry.api_id} ${entry.time} ${entry.action} ${entry.target}`}
              />
              <Pager page={page} onOffset={toOffset} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
