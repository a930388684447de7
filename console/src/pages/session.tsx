import { useState } from 'preact/hooks';

import type { SessionObject } from '../api/resources.js';
import { Badge } from '../parts/badge.js';
import { CallTable } from '../parts/call-table.js';
import { CopyId } from '../parts/copy.js';
import { Facts } from '../parts/facts.js';
import { PageHead, Panel } from '../parts/panel.js';
import { RevealButton, useReveal } from '../parts/reveal.js';
import { Empty, Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useOnStep } from '../state/on-step.js';
import { useResource } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { count, phone, span } from '../text/format.js';
import { SESSION_WORDS } from '../text/words.js';
import { CallbacksPanel } from './session-callbacks.js';
import { EndSession, ExtendSession } from './session-change.js';
import { SessionEvents } from './session-events.js';

/** One session: its parties, its calls, and what was told of it. */
export function SessionPage({ uuid }: { uuid: string }) {
  const { api } = useConsole();
  const session = useResource(`session ${uuid}`, () => api.session(uuid), 15_000);
  const calls = useResource(`calls of ${uuid}`, () => api.calls({ session_uuid: uuid, limit: 20 }));
  const revealed = useReveal('session', uuid);
  const [asking, setAsking] = useState<'extend' | 'end' | null>(null);
  useOnStep(
    () => {
      session.reload();
      calls.reload();
    },
    (step) => step.session_uuid === uuid,
  );
  const isOver = session.value?.status === 'expired';
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefOf('sessions')}>Sessions</a>
      </nav>
      <PageHead
        title={session.value === null ? 'Session' : <>Session on {phone(session.value.virtual_number)}</>}
        name="Session"
      >
        {session.value === null ? null : <RevealButton revealed={revealed} what="numbers and PINs" />}
        {session.value === null || isOver ? null : (
          <>
            <button type="button" class="button" onClick={() => setAsking('extend')}>
              Extend
            </button>
            <button type="button" class="button danger" onClick={() => setAsking('end')}>
              End
            </button>
          </>
        )}
      </PageHead>
      <Loaded resource={session} what="the session">
        {(masked) => (
          <>
            <SessionFacts session={{ ...masked, ...privateParts(revealed.clear) }} />
            <Panel title="Calls">
              <Loaded resource={calls} what="its calls">
                {({ objects }) =>
                  objects.length === 0 ? (
                    <Empty title="Nobody called yet.">
                      Either party reaches the other one at {phone(masked.virtual_number)}.{' '}
                      <a href={hrefOf('why', '', { to: masked.virtual_number })}>Why?</a> tells what a call
                      would come to.
                    </Empty>
                  ) : (
                    <CallTable caption="Calls of the session, newest first" calls={objects} />
                  )
                }
              </Loaded>
            </Panel>
          </>
        )}
      </Loaded>
      <SessionEvents uuid={uuid} />
      <CallbacksPanel uuid={uuid} />
      {asking === 'extend' ? (
        <ExtendSession uuid={uuid} onClose={() => setAsking(null)} onDone={session.put} />
      ) : null}
      {asking === 'end' ? (
        <EndSession uuid={uuid} onClose={() => setAsking(null)} onDone={session.reload} />
      ) : null}
    </>
  );
}

/** What a reveal adds; everything else goes on being the newest. */
function privateParts(clear: SessionObject | null): Partial<SessionObject> {
  if (clear === null) return {};
  const { first_party, second_party, first_party_pin, second_party_pin } = clear;
  return { first_party, second_party, first_party_pin, second_party_pin };
}

function SessionFacts({ session }: { session: SessionObject }) {
  const hasPins = session.is_pin_authentication_required;
  return (
    <div class="two">
      <Panel title="Parties" aside={<Badge words={SESSION_WORDS[session.status]} />}>
        <Facts
          facts={[
            ['First party', phone(session.first_party)],
            ['Second party', phone(session.second_party)],
            ['Virtual number', phone(session.virtual_number)],
            hasPins ? ['First party’s PIN', <code key="1">{session.first_party_pin ?? '–'}</code>] : null,
            hasPins ? ['Second party’s PIN', <code key="2">{session.second_party_pin ?? '–'}</code>] : null,
            hasPins
              ? [
                  'PIN is asked of',
                  session.force_pin_authentication ? 'everybody' : 'callers who are no party',
                ]
              : ['PINs', 'none'],
            session.subaccount === undefined ? null : ['Subaccount', session.subaccount],
            ['Session UUID', <CopyId key="id" id={session.session_uuid} />],
          ]}
        />
      </Panel>
      <Panel title="Time and rules">
        <Facts
          facts={[
            ['Created', <Moment key="at" at={session.created_time} />],
            [
              session.status === 'expired' ? 'Ended' : 'Ends',
              <span key="end">
                <Moment at={session.expiry_time} isRelative />, <Moment at={session.expiry_time} />
              </span>,
            ],
            ['Rings for', span(session.ring_timeout * 1_000)],
            ['A call may last', span(session.call_time_limit * 1_000)],
            ['Recorded', session.record ? `yes, ${session.record_file_format}` : 'no'],
            [
              'Callbacks to',
              session.callback_url === '' ? 'nobody' : <span class="url">{session.callback_url}</span>,
            ],
            [
              'Legs, billed',
              `${count(session.total_call_count)}, ${span(session.total_call_billed_duration * 1_000)}`,
            ],
            ['Amount', session.total_session_amount],
          ]}
        />
      </Panel>
    </div>
  );
}
