import type { PhoneBehaviour, ReceivedCall, SandboxApi } from '../api/sandbox.js';
import { ActionButton, attempt } from '../parts/action.js';
import { Badge } from '../parts/badge.js';
import { ChoiceField } from '../parts/field.js';
import { Icon } from '../parts/icon.js';
import { Keypad } from '../parts/keypad.js';
import { Failure } from '../parts/states.js';
import { useOnStep } from '../state/on-step.js';
import { removePhone } from '../state/phone-book.js';
import { useResource } from '../state/resource.js';
import type { Tone } from '../text/words.js';
import { Heard } from './phones-heard.js';

/** What a phone can be told to do with the next calls, by name. */
const HABITS: Readonly<Record<string, readonly [label: string, behaviour: PhoneBehaviour]>> = {
  manual: ['rings: answer it here', { does: 'ring' }],
  answer: ['answers after 2 s', { does: 'answer', after: 2 }],
  talk: ['answers, hangs up after 20 s', { does: 'answer', after: 2, talk: 20 }],
  busy: ['is busy', { does: 'busy' }],
  reject: ['rejects after 2 s', { does: 'reject', after: 2 }],
  unreachable: ['cannot be reached', { does: 'unreachable' }],
  not_assigned: ['has no such number', { does: 'not_assigned' }],
  silent: ['says nothing at all', { does: 'silent' }],
};

const STATES: Readonly<Record<ReceivedCall['state'], readonly [string, Tone]>> = {
  ringing: ['ringing', 'active'],
  answered: ['talking', 'good'],
  ended: ['ended', 'quiet'],
};

/** One phone: what it does with calls, and the call that it has. */
export function PhoneCard(props: { number: string; sandbox: SandboxApi; onDone: () => Promise<void> }) {
  const { number, sandbox, onDone } = props;
  const phone = useResource(`phone ${number}`, () => sandbox.phone(number), 2_000);
  useOnStep(phone.reload);
  const act = (what: () => Promise<unknown>) => async (): Promise<void> => {
    await what();
    phone.reload();
    await onDone();
  };
  const call = phone.value?.calls.at(-1);
  return (
    <article class="card" aria-label={`Phone ${number}`}>
      <header class="card-head">
        <h3>{number}</h3>
        <button
          type="button"
          class="button quiet square"
          aria-label={`Take phone ${number} away`}
          onClick={() => removePhone(number)}
        >
          <Icon name="close" />
        </button>
      </header>
      <ChoiceField
        label="With the next calls it"
        name="does"
        value={habitOf(phone.value?.behaviour ?? null)}
        options={Object.entries(HABITS).map(([name, [label]]) => [name, label] as const)}
        onChange={(name) => {
          const habit = HABITS[name];
          if (habit !== undefined) void attempt(act(() => sandbox.behave(number, habit[1])));
        }}
      />
      <Failure resource={phone} what="the phone" />
      {call === undefined ? (
        <p class="hint">No call yet.</p>
      ) : (
        <>
          <p>
            <Badge words={STATES[call.state]} /> shows <strong>{call.caller_number}</strong>
          </p>
          <Heard heard={call} />
        </>
      )}
      {call === undefined || call.state === 'ended' ? null : (
        <div class="actions">
          {call.state === 'ringing' ? (
            <ActionButton kind="primary" act={act(() => sandbox.answer(number))}>
              Answer
            </ActionButton>
          ) : null}
          <ActionButton kind="danger" act={act(() => sandbox.hangUpPhone(number))}>
            {call.state === 'ringing' ? 'Reject' : 'Hang up'}
          </ActionButton>
        </div>
      )}
      {call?.state === 'answered' ? (
        <Keypad
          name={`Keys of phone ${number}`}
          press={(key) => attempt(act(() => sandbox.pressAtPhone(number, key)))}
        />
      ) : null}
    </article>
  );
}

function habitOf(behaviour: PhoneBehaviour | null): string {
  if (behaviour === null) return 'answer';
  if (behaviour.does === 'ring') return 'manual';
  return behaviour.does === 'answer' && behaviour.talk !== undefined ? 'talk' : behaviour.does;
}
