import { useState } from 'preact/hooks';

import type { SandboxApi, SandboxState } from '../api/sandbox.js';
import { ActionButton, attempt } from '../parts/action.js';
import { ChoiceField, TextField } from '../parts/field.js';
import { fieldsOf } from '../parts/filters.js';
import { PageHead, Panel } from '../parts/panel.js';
import { Empty, Loading } from '../parts/states.js';
import { useConsole } from '../state/console-context.js';
import { tell } from '../state/notice.js';
import { useOnStep } from '../state/on-step.js';
import { addPhone, phoneBook } from '../state/phone-book.js';
import { noteSandbox, sandboxState } from '../state/sandbox-time.js';
import { useStore } from '../state/store.js';
import { CallerCard } from './phones-caller.js';
import { PhoneCard } from './phones-card.js';

/** Placed calls that are shown, newest first. */
const MOST_CALLS = 4;
const LEAPS = [
  [60, '1 min'],
  [1_800, '30 min'],
  [3_600, '1 hour'],
  [86_400, '1 day'],
] as const;

/** The phones and the time of the sandbox, to be played with. */
export function PhonesPage() {
  const { sandbox, clock } = useConsole();
  const state = useStore(sandboxState);
  const numbers = useStore(phoneBook);
  const look = async (): Promise<void> => {
    if (sandbox !== null) noteSandbox(await sandbox.state(), clock);
  };
  useOnStep(() => void attempt(look));
  if (sandbox === null) return null;
  const calls = (state?.calls ?? []).slice(-MOST_CALLS).reverse();
  return (
    <>
      <PageHead title="Phones" name="Phones" />
      <p class="lead">
        The sandbox’s phones do as they are told; no real phone rings. Two people who share a session reach
        each other by its virtual number.
      </p>
      {state === null ? <Loading what="the sandbox" /> : null}
      {state === null ? null : (
        <div class="two">
          <PlaceCall state={state} numbers={numbers} sandbox={sandbox} onPlaced={look} />
          <TimePanel state={state} sandbox={sandbox} onChanged={look} />
        </div>
      )}
      <div class="two">
        <Panel title="Phones">
          <div class="cards">
            {numbers.map((number) => (
              <PhoneCard key={number} number={number} sandbox={sandbox} onDone={look} />
            ))}
          </div>
          <AddPhone />
        </Panel>
        <Panel title="Calls that were placed">
          {calls.length === 0 ? <Empty title="None yet.">Place one above.</Empty> : null}
          <div class="cards">
            {calls.map((call) => (
              <CallerCard key={call.uuid} call={call} sandbox={sandbox} onDone={look} />
            ))}
          </div>
        </Panel>
      </div>
    </>
  );
}

function PlaceCall(props: {
  state: SandboxState;
  numbers: readonly string[];
  sandbox: SandboxApi;
  onPlaced: () => Promise<void>;
}) {
  const { state, numbers, sandbox, onPlaced } = props;
  const place = async ({ from = 'anonymous', to = '' }: Record<string, string>): Promise<void> => {
    await sandbox.place(from, to);
    tell('The call is placed.');
    await onPlaced();
  };
  return (
    <Panel title="Place a call">
      <form
        class="filters bare"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(() => place(fieldsOf(event.currentTarget)));
        }}
      >
        <ChoiceField
          label="From"
          name="from"
          options={[...numbers.map((number) => [number, number] as const), ['anonymous', 'withheld']]}
        />
        <ChoiceField
          label="To"
          name="to"
          options={state.virtual_numbers.map((number) => [number, number] as const)}
        />
        <div class="filters-go">
          <button type="submit" class="button primary">
            Call
          </button>
        </div>
      </form>
    </Panel>
  );
}

function TimePanel(props: { state: SandboxState; sandbox: SandboxApi; onChanged: () => Promise<void> }) {
  const { state, sandbox, onChanged } = props;
  const leap = async (seconds: number, words: string): Promise<void> => {
    await sandbox.advance(seconds);
    tell(`${words} passed.`);
    await onChanged();
  };
  return (
    <Panel title="Time">
      <p>
        Passes {state.speed === 1 ? 'as fast as real time' : `${state.speed} times as fast as real time`}. Let
        some pass at once:
      </p>
      <div class="actions">
        {LEAPS.map(([seconds, words]) => (
          <ActionButton key={words} act={() => leap(seconds, words)}>
            +{words}
          </ActionButton>
        ))}
      </div>
      <ChoiceField
        label="Speed"
        name="speed"
        value={String(state.speed)}
        options={[1, 2, 5, 10, 50].map((speed) => [String(speed), `${speed}×`] as const)}
        onChange={(speed) =>
          void attempt(async () => {
            await sandbox.setSpeed(Number(speed));
            await onChanged();
          })
        }
      />
    </Panel>
  );
}

function AddPhone() {
  const [problem, setProblem] = useState<string | undefined>();
  return (
    <form
      class="filters bare"
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const { number = '' } = fieldsOf(form);
        const digits = `+${number.replace(/\D/g, '')}`;
        if (/^\+[1-9]\d{6,14}$/.test(digits)) {
          addPhone(digits);
          setProblem(undefined);
          form.reset();
        } else setProblem('A number with its country: + and 7 to 15 digits.');
      }}
    >
      <TextField
        label="Another phone"
        name="number"
        problem={problem}
        input={{ type: 'tel', required: true }}
      />
      <div class="filters-go">
        <button type="submit" class="button">
          Add
        </button>
      </div>
    </form>
  );
}
