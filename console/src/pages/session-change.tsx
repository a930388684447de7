import { useState } from 'preact/hooks';

import type { SessionObject } from '../api/resources.js';
import { Confirm } from '../parts/confirm.js';
import { ChoiceField } from '../parts/field.js';
import { useConsole } from '../state/console-context.js';
import { tell } from '../state/notice.js';
import { LIFETIMES } from './lifetimes.js';

export function ExtendSession(props: {
  uuid: string;
  onClose: () => void;
  onDone: (session: SessionObject) => void;
}) {
  const { api } = useConsole();
  const [seconds, setSeconds] = useState('3600');
  return (
    <Confirm
      title="Extend the session"
      verb="Extend"
      onClose={props.onClose}
      act={async () => {
        props.onDone(await api.extendSession(props.uuid, Number(seconds)));
        tell('The session ends later now.');
      }}
    >
      <ChoiceField
        label="It lasts from now on"
        name="session_expiry"
        hint="A shorter time than is left makes it end earlier."
        value={seconds}
        options={LIFETIMES}
        onChange={setSeconds}
      />
    </Confirm>
  );
}

export function EndSession(props: { uuid: string; onClose: () => void; onDone: () => void }) {
  const { api } = useConsole();
  return (
    <Confirm
      title="End the session?"
      verb="End the session"
      isDangerous
      onClose={props.onClose}
      act={async () => {
        await api.endSession(props.uuid);
        tell('The session is over.');
        props.onDone();
      }}
    >
      <p>
        From now on the parties do not reach each other any more, and their PINs are void. A call that is up
        goes on unless SESSION_END_HANGS_UP is set. It cannot be undone.
      </p>
    </Confirm>
  );
}
