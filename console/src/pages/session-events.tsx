import { DataTable } from '../parts/data-table.js';
import { Panel } from '../parts/panel.js';
import { Failure } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useResource } from '../state/resource.js';
import { count } from '../text/format.js';

/** What went wrong with a session without failing a request; nothing at all where nothing did. */
export function SessionEvents({ uuid }: { uuid: string }) {
  const { api } = useConsole();
  const events = useResource(`events of ${uuid}`, () => api.sessionEvents(uuid), 30_000);
  if (events.value === null || events.value.length === 0) {
    // A session that cannot be loaded at all says so at its head.
    return events.failure === null || events.failure.status === 404 ? null : (
      <Failure resource={events} what="what went wrong" />
    );
  }
  return (
    <Panel title="What went wrong">
      <DataTable
        caption="What went wrong with the session, newest first"
        rows={events.value}
        keyOf={(event) => `${event.event} ${event.parameter} ${event.code}`}
        columns={[
          { title: 'Last', cell: (event) => <Moment at={event.last_time} /> },
          { title: 'Event', cell: (event) => <code>{event.event}</code> },
          { title: 'Concerns', cell: (event) => <code>{event.parameter}</code> },
          { title: 'What', cell: (event) => <span class="why-cell">{event.message}</span> },
          { title: 'Times', isNumber: true, cell: (event) => count(event.count) },
        ]}
      />
    </Panel>
  );
}
