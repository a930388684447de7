import { useState } from 'preact/hooks';

import type { CallTrace } from '../api/trace.js';
import { Player } from '../audio/player.js';
import { Badge } from '../parts/badge.js';
import { Confirm } from '../parts/confirm.js';
import { CopyId } from '../parts/copy.js';
import { Facts } from '../parts/facts.js';
import { PageHead, Panel } from '../parts/panel.js';
import { RevealButton, useReveal } from '../parts/reveal.js';
import { RuleList } from '../parts/rule-list.js';
import { Loaded } from '../parts/states.js';
import { Moment, Ticking } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { tell } from '../state/notice.js';
import { useOnStep } from '../state/on-step.js';
import { useResource } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { phone, span, timer } from '../text/format.js';
import { calledWords, enderWords, partyWords, standingOf } from '../text/words.js';
import { StepList } from '../timeline/steps.js';
import { CallTimeline } from '../timeline/timeline.js';

/** One call: what became of it and why, step by step. */
export function CallPage({ uuid }: { uuid: string }) {
  const { api } = useConsole();
  const call = useResource(`call ${uuid}`, () => api.call(uuid));
  const revealed = useReveal('trace', uuid);
  const [isAsking, setAsking] = useState(false);
  useOnStep(call.reload, (step) => step.call_uuid === uuid);
  const shown = call.value;
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefOf('calls')}>Calls</a>
      </nav>
      <PageHead
        title={shown === null ? 'Call' : <>Call to {calledWords(shown.virtual_number)}</>}
        name="Call"
      >
        {shown === null ? null : <RevealButton revealed={revealed} what="numbers" />}
        {shown?.ended_at === null ? (
          <button type="button" class="button danger" onClick={() => setAsking(true)}>
            Hang up
          </button>
        ) : null}
      </PageHead>
      <Loaded resource={call} what="the call">
        {(trace) => (
          // The newest steps, and the numbers as they were revealed.
          <CallOf
            trace={revealed.clear === null ? trace : { ...trace, from_number: revealed.clear.from_number }}
          />
        )}
      </Loaded>
      {isAsking ? (
        <Confirm
          title="Hang up the call?"
          verb="Hang up"
          isDangerous
          onClose={() => setAsking(false)}
          act={async () => {
            await api.hangUp(uuid);
            tell('The call was hung up.');
            call.reload();
          }}
        >
          <p>Both legs end at once. The session stays.</p>
        </Confirm>
      ) : null}
    </>
  );
}

function CallOf({ trace }: { trace: CallTrace }) {
  return (
    <>
      <p class="verdict">
        <Badge words={standingOf(trace)} /> {trace.explanation}
      </p>
      <Panel title="Timeline">
        <CallTimeline trace={trace} />
      </Panel>
      <div class="two wide-left">
        <Panel title="Steps">
          <StepList trace={trace} />
        </Panel>
        <div>
          <Panel title="Facts">
            <CallFacts trace={trace} />
          </Panel>
          {trace.rules.length === 0 ? null : (
            <Panel title="Rules">
              <RuleList rules={trace.rules} />
            </Panel>
          )}
        </div>
      </div>
      {trace.outcome === 'connected' ? <CallRecording uuid={trace.call_uuid} /> : null}
    </>
  );
}

function CallFacts({ trace }: { trace: CallTrace }) {
  const { post_dial_delay_ms: delay, talk_ms: talk, session_uuid: session } = trace;
  return (
    <Facts
      facts={[
        ['From', phone(trace.from_number)],
        ['Virtual number', calledWords(trace.virtual_number)],
        ['The caller is', partyWords(trace.caller)],
        ['Started', <Moment key="at" at={trace.started_at} />],
        trace.ended_at === null
          ? ['Up for', <Ticking key="up" since={trace.started_at} />]
          : ['Ended by', enderWords(trace.ended_by)],
        ['Post-dial delay', delay === null ? '–' : span(delay)],
        ['Talk', talk === null ? '–' : timer(talk)],
        ['PIN attempts', trace.pin_attempts],
        trace.reason === null ? null : ['Reason', <code key="reason">{trace.reason}</code>],
        [
          'Session',
          session === null ? (
            'none'
          ) : (
            <a key="session" class="id" href={hrefOf('sessions', session)}>
              {session}
            </a>
          ),
        ],
        ['Node', trace.node],
        ['Call UUID', <CopyId key="id" id={trace.call_uuid} />],
      ]}
    />
  );
}

/** Its recording, where there is one. */
function CallRecording({ uuid }: { uuid: string }) {
  const { api } = useConsole();
  const found = useResource(`recording of ${uuid}`, () => api.recordings({ call_uuid: uuid, limit: 1 }));
  const recording = found.value?.objects[0];
  if (recording === undefined || recording.recording_url === '') return null;
  return (
    <Panel title="Recording" aside={<a href={hrefOf('recordings', recording.recording_id)}>Details</a>}>
      <Player key={recording.recording_id} recording={recording} url={api.audioUrl(recording)} />
    </Panel>
  );
}
