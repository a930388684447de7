import type { RecordingObject } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { DataTable, type Column } from '../parts/data-table.js';
import { TextField } from '../parts/field.js';
import { Filters } from '../parts/filters.js';
import { Pager } from '../parts/pager.js';
import { PageHead } from '../parts/panel.js';
import { Empty, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useFilteredList } from '../state/list.js';
import { hrefOf } from '../state/address.js';
import { bytes, phone, timer } from '../text/format.js';
import { RECORDING_WORDS } from '../text/words.js';

const COLUMNS: readonly Column<RecordingObject>[] = [
  { title: 'Added', isMain: true, cell: (recording) => <Moment at={recording.add_time} /> },
  { title: 'From', cell: (recording) => phone(recording.from_number) },
  { title: 'To', cell: (recording) => phone(recording.to_number) },
  {
    title: 'Length',
    isNumber: true,
    cell: (recording) => timer(Number(recording.recording_duration_ms)),
  },
  { title: 'Format', cell: (recording) => recording.recording_format },
  { title: 'Size', isNumber: true, cell: (recording) => bytes(recording.bytes) },
  { title: 'State', cell: (recording) => <Badge words={RECORDING_WORDS[recording.state]} /> },
];

/** Recordings of the last week, newest first. */
export function RecordingsPage() {
  const { api } = useConsole();
  const names = ['from_number', 'call_uuid', 'session_uuid'];
  const { resource, filters, hasFilters, toOffset } = useFilteredList(names, api.recordings, 30_000);
  return (
    <>
      <PageHead title="Recordings" name="Recordings" />
      <Filters key={JSON.stringify(filters)}>
        <TextField
          label="Caller"
          name="from_number"
          input={{ 'data-search': '', type: 'tel', defaultValue: filters['from_number'] ?? '' }}
        />
        <TextField label="Call" name="call_uuid" input={{ defaultValue: filters['call_uuid'] ?? '' }} />
        <TextField
          label="Session"
          name="session_uuid"
          input={{ defaultValue: filters['session_uuid'] ?? '' }}
        />
      </Filters>
      <Loaded resource={resource} what="recordings">
        {(page) =>
          page.objects.length === 0 ? (
            <Empty title={hasFilters ? 'No recording is like that.' : 'No recordings in the last 7 days.'}>
              Calls of sessions with <code>record</code> are recorded, from when the two are joined.
            </Empty>
          ) : (
            <>
              <DataTable
                caption="Recordings, newest first"
                columns={COLUMNS}
                rows={page.objects}
                keyOf={(recording) => recording.recording_id}
                hrefOf={(recording) => hrefOf('recordings', recording.recording_id)}
              />
              <Pager page={page} onOffset={toOffset} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
