import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { cureOf, type RequestFailure } from '../api/failure.js';
import { asFailure } from '../state/resource.js';
import { Dialog } from './dialog.js';

/** Asks before something is done that cannot be undone, and says when it failed. */
export function Confirm(props: {
  title: string;
  verb: string;
  isDangerous?: boolean;
  onClose: () => void;
  act: () => Promise<void>;
  children: ComponentChildren;
}) {
  const { title, verb, isDangerous = false, onClose, act, children } = props;
  const [failure, setFailure] = useState<RequestFailure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await act();
      onClose();
    } catch (error) {
      setFailure(asFailure(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {children}
        <Refusal failure={failure} />
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={`button ${isDangerous ? 'danger' : 'primary'}`} disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Why something was not done, and what to do about it. */
export function Refusal({ failure }: { failure: RequestFailure | null }) {
  if (failure === null) return null;
  return (
    <p class="failure" role="alert">
      <strong>{failure.message}</strong> {cureOf(failure)}
    </p>
  );
}
