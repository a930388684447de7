import type { PlacedCall, SandboxApi } from '../api/sandbox.js';
import { ActionButton, attempt } from '../parts/action.js';
import { Badge } from '../parts/badge.js';
import { Keypad } from '../parts/keypad.js';
import { hrefOf } from '../state/address.js';
import type { Tone } from '../text/words.js';
import { Heard } from './phones-heard.js';

const STATES: Readonly<Record<PlacedCall['state'], readonly [string, Tone]>> = {
  calling: ['calling', 'active'],
  ringing: ['ringing', 'active'],
  answered: ['answered', 'good'],
  ended: ['ended', 'quiet'],
};

/** A call as the caller's phone has it. */
export function CallerCard(props: { call: PlacedCall; sandbox: SandboxApi; onDone: () => Promise<void> }) {
  const { call, sandbox, onDone } = props;
  const act = (what: () => Promise<unknown>) => async (): Promise<void> => {
    await what();
    await onDone();
  };
  return (
    <article class="card" aria-label={`Call from ${call.from} to ${call.to}`}>
      <header class="card-head">
        <h3>
          {call.from} → {call.to}
        </h3>
        <Badge words={STATES[call.state]} />
      </header>
      <p class="hint">
        {call.status === null ? null : `SIP ${call.status}. `}
        {call.ended_by === null
          ? null
          : `Ended by ${call.ended_by === 'caller' ? 'the caller' : 'Maskline'}. `}
        <a href={hrefOf('calls', call.uuid)}>Timeline</a>
      </p>
      <Heard heard={call} />
      {call.state === 'ended' ? null : (
        <div class="actions">
          <ActionButton kind="danger" act={act(() => sandbox.hangUp(call.uuid))}>
            Hang up
          </ActionButton>
        </div>
      )}
      {call.state === 'answered' ? (
        <Keypad
          name={`Keys of the call from ${call.from}`}
          press={(key) => attempt(act(() => sandbox.press(call.uuid, key)))}
        />
      ) : null}
    </article>
  );
}
