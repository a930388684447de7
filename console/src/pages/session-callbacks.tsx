import { useState } from 'preact/hooks';

import type { CallbackObject } from '../api/resources.js';
import { ActionButton } from '../parts/action.js';
import { Badge } from '../parts/badge.js';
import { DataTable } from '../parts/data-table.js';
import { Dialog } from '../parts/dialog.js';
import { Facts } from '../parts/facts.js';
import { Pager } from '../parts/pager.js';
import { Panel } from '../parts/panel.js';
import { RevealButton, useReveal } from '../parts/reveal.js';
import { Empty, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { tell } from '../state/notice.js';
import { useResource } from '../state/resource.js';
import { count, span } from '../text/format.js';
import { CALLBACK_WORDS } from '../text/words.js';

/** What was sent about a session, how it was answered, and the way to send it again. */
export function CallbacksPanel({ uuid }: { uuid: string }) {
  const { api } = useConsole();
  const [offset, setOffset] = useState(0);
  const [shown, setShown] = useState<CallbackObject | null>(null);
  const callbacks = useResource(
    `callbacks of ${uuid} ${offset}`,
    () => api.callbacks(uuid, { limit: 20, offset }),
    10_000,
  );
  const again = async (callback: CallbackObject): Promise<void> => {
    await api.sendAgain(uuid, callback.callback_id);
    tell(`${callback.event_name} is sent again.`);
    callbacks.reload();
  };
  // A session that cannot be loaded at all says so at its head.
  if (callbacks.failure?.status === 404) return null;
  return (
    <Panel title="Callbacks">
      <Loaded resource={callbacks} what="callbacks">
        {(page) => (
          <>
            {page.lost_count > 0 ? (
              <p class="failure">
                <strong>{count(page.lost_count)} events found no room and were not sent.</strong> Redis was
                full, or the receivers took nothing for very long.
              </p>
            ) : null}
            {page.objects.length === 0 ? (
              <Empty title="Nothing was sent.">
                A session with a callback URL tells of its calls and its end; one without tells nobody.
              </Empty>
            ) : (
              <DataTable
                caption="Callbacks, newest first"
                rows={page.objects}
                keyOf={(callback) => callback.callback_id}
                columns={[
                  {
                    title: 'Event',
                    cell: (callback) => (
                      <button type="button" class="link" data-row-link="" onClick={() => setShown(callback)}>
                        {callback.event_name}
                      </button>
                    ),
                  },
                  { title: 'State', cell: (callback) => <Badge words={CALLBACK_WORDS[callback.status]} /> },
                  { title: 'Last answer', cell: (callback) => lastAnswer(callback) },
                  {
                    title: 'Attempts',
                    isNumber: true,
                    cell: (callback) => count(callback.attempts.length),
                  },
                  { title: 'Created', cell: (callback) => <Moment at={callback.created_time} /> },
                  {
                    title: 'Again',
                    cell: (callback) => (
                      <ActionButton
                        kind="small"
                        label={`Send again ${callback.event_name} ${callback.callback_id}`}
                        act={() => again(callback)}
                      >
                        Send again
                      </ActionButton>
                    ),
                  },
                ]}
              />
            )}
            <Pager page={page} onOffset={setOffset} />
          </>
        )}
      </Loaded>
      {shown === null ? null : (
        <CallbackDialog session={uuid} callback={shown} onClose={() => setShown(null)} />
      )}
    </Panel>
  );
}

function lastAnswer({ attempts }: CallbackObject): string {
  const last = attempts.at(-1);
  if (last === undefined) return 'not tried yet';
  if (last.status_code !== null) return `HTTP ${last.status_code}`;
  return last.error === '' ? 'taken' : last.error;
}

function CallbackDialog(props: { session: string; callback: CallbackObject; onClose: () => void }) {
  const { session, callback, onClose } = props;
  const revealed = useReveal('callback', `${session}/${callback.callback_id}`);
  const { parameters } = revealed.clear ?? callback;
  return (
    <Dialog title={callback.event_name} onClose={onClose}>
      <Facts
        facts={[
          ['State', <Badge key="state" words={CALLBACK_WORDS[callback.status]} />],
          [
            callback.method,
            <span key="url" class="url">
              {callback.url}
            </span>,
          ],
        ]}
      />
      <h3>Attempts</h3>
      {callback.attempts.length === 0 ? <p>None yet.</p> : null}
      <ol class="attempts">
        {callback.attempts.map((attempt, index) => (
          <li key={index}>
            <Moment at={attempt.time} />, {span(attempt.duration_ms)}:{' '}
            {attempt.status_code === null ? attempt.error : `HTTP ${attempt.status_code}`}
            {attempt.answer === '' ? null : <pre>{attempt.answer}</pre>}
          </li>
        ))}
      </ol>
      <h3>Parameters</h3>
      <p>
        <RevealButton revealed={revealed} what="numbers" />
      </p>
      <Facts
        facts={Object.entries(parameters).map(([name, value]) => [name, <code key={name}>{value}</code>])}
      />
    </Dialog>
  );
}
