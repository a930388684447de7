import { Player } from '../audio/player.js';
import { Badge } from '../parts/badge.js';
import { CopyId } from '../parts/copy.js';
import { Facts } from '../parts/facts.js';
import { PageHead, Panel } from '../parts/panel.js';
import { RevealButton, useReveal } from '../parts/reveal.js';
import { Loaded } from '../parts/states.js';
import { Moment } from '../parts/time.js';
import { useConsole } from '../state/console-context.js';
import { useResource } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { bytes, phone, timer } from '../text/format.js';
import { RECORDING_PROBLEMS, RECORDING_WORDS } from '../text/words.js';

/** One recording, to look at and listen to. */
export function RecordingPage({ id }: { id: string }) {
  const { api } = useConsole();
  const loaded = useResource(`recording ${id}`, () => api.recording(id));
  const revealed = useReveal('recording', id);
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={hrefOf('recordings')}>Recordings</a>
      </nav>
      <PageHead title="Recording" name="Recording">
        {loaded.value === null ? null : <RevealButton revealed={revealed} what="numbers" />}
      </PageHead>
      <Loaded resource={loaded} what="the recording">
        {(recording) => {
          const { from_number: from, to_number: to } = revealed.clear ?? recording;
          return (
            <>
              {recording.problem === '' ? null : (
                <p class="verdict">
                  <Badge words={RECORDING_WORDS[recording.state]} /> {RECORDING_PROBLEMS[recording.problem]}
                </p>
              )}
              {recording.recording_url === '' ? null : (
                <Panel title="Audio">
                  <Player recording={recording} url={api.audioUrl(recording)} />
                </Panel>
              )}
              <Panel title="Facts">
                <Facts
                  facts={[
                    ['From', phone(from)],
                    ['To', phone(to)],
                    ['Added', <Moment key="at" at={recording.add_time} />],
                    ['Length', timer(Number(recording.recording_duration_ms))],
                    ['File', `${recording.recording_format}, ${bytes(recording.bytes)}`],
                    ['State', <Badge key="state" words={RECORDING_WORDS[recording.state]} />],
                    [
                      'Call',
                      <a key="call" class="id" href={hrefOf('calls', recording.call_uuid)}>
                        {recording.call_uuid}
                      </a>,
                    ],
                    [
                      'Session',
                      <a key="session" class="id" href={hrefOf('sessions', recording.session_uuid)}>
                        {recording.session_uuid}
                      </a>,
                    ],
                    ['Recording id', <CopyId key="id" id={recording.recording_id} />],
                  ]}
                />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </>
  );
}
