import type { ComponentChildren, InputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly hint?: string | undefined;
  /** What the controller says against the value. */
  readonly problem?: string | undefined;
}

/** A labelled text input. */
export function TextField(props: FieldProps & { input?: InputHTMLAttributes & Record<string, unknown> }) {
  const { label, name, hint, problem, input = {} } = props;
  const id = useId();
  return (
    <Framed {...{ id, label, hint, problem }}>
      <input
        type="text"
        autocomplete="off"
        spellcheck={false}
        {...input}
        id={id}
        name={name}
        {...told(id, hint, problem)}
      />
    </Framed>
  );
}

/** A labelled choice; the first one is chosen unless `value` says otherwise. */
export function ChoiceField(
  props: FieldProps & {
    value?: string;
    options: readonly (readonly [value: string, label: string])[];
    onChange?: (value: string) => void;
  },
) {
  const { label, name, hint, problem, value, options, onChange } = props;
  const id = useId();
  return (
    <Framed {...{ id, label, hint, problem }}>
      <select
        id={id}
        name={name}
        {...told(id, hint, problem)}
        onChange={(event) => onChange?.(event.currentTarget.value)}
      >
        {options.map(([each, text]) => (
          <option key={each} value={each} selected={each === value}>
            {text}
          </option>
        ))}
      </select>
    </Framed>
  );
}

export function CheckField(props: {
  label: string;
  name: string;
  isOn?: boolean;
  onChange?: (isOn: boolean) => void;
}) {
  const { label, name, isOn, onChange } = props;
  return (
    <label class="check">
      <input
        type="checkbox"
        name={name}
        {...(isOn === undefined ? {} : { checked: isOn })}
        onChange={(event) => onChange?.(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}

function Framed(props: {
  id: string;
  label: string;
  hint: string | undefined;
  problem: string | undefined;
  children: ComponentChildren;
}) {
  const { id, label, hint, problem, children } = props;
  return (
    <div class={`field ${problem === undefined ? '' : 'wrong'}`}>
      <label for={id}>{label}</label>
      {children}
      {hint === undefined ? null : (
        <small id={`${id}-hint`} class="hint">
          {hint}
        </small>
      )}
      {problem === undefined ? null : (
        <small id={`${id}-problem`} class="problem">
          {problem}
        </small>
      )}
    </div>
  );
}

/** What a screen reader says beside the label. */
function told(id: string, hint: string | undefined, problem: string | undefined) {
  const ids = [
    ...(hint === undefined ? [] : [`${id}-hint`]),
    ...(problem === undefined ? [] : [`${id}-problem`]),
  ];
  return {
    ...(ids.length === 0 ? {} : { 'aria-describedby': ids.join(' ') }),
    ...(problem === undefined ? {} : { 'aria-invalid': true as const }),
  };
}
