import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { cureOf } from '../api/failure.js';
import { tell } from '../state/notice.js';
import { asFailure } from '../state/resource.js';

/** A button that asks the controller for something, and tells when it would not. */
export function ActionButton(props: {
  act: () => Promise<unknown>;
  children: ComponentChildren;
  kind?: string;
  label?: string;
  isDisabled?: boolean;
}) {
  const { act, children, kind = '', label, isDisabled = false } = props;
  const [isBusy, setBusy] = useState(false);
  return (
    <button
      type="button"
      class={`button ${kind}`}
      aria-label={label}
      disabled={isDisabled}
      // Disabled, it would lose the focus of whoever works by keyboard.
      aria-disabled={isBusy}
      onClick={() => {
        if (isBusy) return;
        setBusy(true);
        void attempt(act).finally(() => setBusy(false));
      }}
    >
      {children}
    </button>
  );
}

/** Never rejects: a failure is told. */
export async function attempt(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const failure = asFailure(error);
    tell(`${failure.message} ${cureOf(failure)}`, 'bad');
  }
}
