import { useRef, useState } from 'preact/hooks';

import { blamedFields, cureOf, type RequestFailure } from '../api/failure.js';
import { Dialog } from '../parts/dialog.js';
import { CheckField, ChoiceField, TextField } from '../parts/field.js';
import { fieldsOf } from '../parts/filters.js';
import { useConsole } from '../state/console-context.js';
import { tell } from '../state/notice.js';
import { asFailure } from '../state/resource.js';
import { hrefOf } from '../state/address.js';
import { LIFETIMES } from './lifetimes.js';

const NAMES = [
  'first_party',
  'second_party',
  'virtual_number',
  'session_expiry',
  'first_party_pin',
  'second_party_pin',
  'pin_prompt_play',
  'callback_url',
  'ring_timeout',
] as const;
const FLAGS = ['record', 'geomatch', 'initiate_call_to_first_party'] as const;

/** The form of a new session. What the controller says against a field stands at the field. */
export function CreateSession({ onClose }: { onClose: () => void }) {
  const { api } = useConsole();
  const form = useRef<HTMLFormElement>(null);
  const [failure, setFailure] = useState<RequestFailure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [pins, setPins] = useState<'none' | 'drawn' | 'given'>('none');
  const blamed = failure === null ? [] : blamedFields(failure.message, NAMES);
  const about = (name: (typeof NAMES)[number]): string | undefined =>
    blamed.includes(name) ? failure?.message : undefined;

  const create = async (fields: Readonly<Record<string, string>>): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const session = await api.createSession(bodyOf(fields, pins));
      onClose();
      tell('The session is created.');
      location.hash = hrefOf('sessions', session.session_uuid);
    } catch (error) {
      const refused = asFailure(error);
      setFailure(refused);
      setBusy(false);
      const [first] = blamedFields(refused.message, NAMES);
      form.current?.querySelector<HTMLElement>(`[name="${first ?? 'first_party'}"]`)?.focus();
    }
  };

  return (
    <Dialog title="New session" onClose={onClose}>
      <form
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          void create(fieldsOf(event.currentTarget));
        }}
      >
        <div class="fields">
          <TextField
            label="First party"
            name="first_party"
            hint="With the country: +447700900101"
            problem={about('first_party')}
            input={{ required: true, type: 'tel' }}
          />
          <TextField
            label="Second party"
            name="second_party"
            problem={about('second_party')}
            input={{ required: true, type: 'tel' }}
          />
          <TextField
            label="Virtual number"
            name="virtual_number"
            hint="Empty: the best one"
            problem={about('virtual_number')}
            input={{ type: 'tel' }}
          />
          <ChoiceField
            label="Lasts"
            name="session_expiry"
            value="1800"
            problem={about('session_expiry')}
            options={LIFETIMES}
          />
          <ChoiceField
            label="PINs"
            name="pins"
            value={pins}
            options={[
              ['none', 'none: callers are known by their number'],
              ['drawn', 'drawn by Maskline'],
              ['given', 'given here'],
            ]}
            onChange={(value) => setPins(value as typeof pins)}
          />
          {pins === 'none' ? null : (
            <TextField
              label="Audio that asks for the PIN"
              name="pin_prompt_play"
              hint="URL of a WAVE or MP3 file"
              problem={about('pin_prompt_play')}
              input={{ required: true, type: 'url' }}
            />
          )}
          {pins === 'given' ? (
            <>
              <TextField
                label="First party’s PIN"
                name="first_party_pin"
                hint="4 to 15 digits"
                problem={about('first_party_pin')}
                input={{ required: true, inputMode: 'numeric' }}
              />
              <TextField
                label="Second party’s PIN"
                name="second_party_pin"
                problem={about('second_party_pin')}
                input={{ required: true, inputMode: 'numeric' }}
              />
            </>
          ) : null}
          <TextField
            label="Callback URL"
            name="callback_url"
            problem={about('callback_url')}
            input={{ type: 'url' }}
          />
        </div>
        <div class="checks">
          <CheckField label="Record calls" name="record" />
          <CheckField label="Number of the first party’s country only" name="geomatch" />
          <CheckField label="Call the first party now" name="initiate_call_to_first_party" />
        </div>
        {failure === null || blamed.length > 0 ? null : (
          <p class="failure" role="alert">
            <strong>{failure.message}</strong> {cureOf(failure)}
          </p>
        )}
        <p class="unseen" role="alert">
          {blamed.length > 0 ? failure?.message : ''}
        </p>
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function bodyOf(
  fields: Readonly<Record<string, string>>,
  pins: 'none' | 'drawn' | 'given',
): Record<string, unknown> {
  const flags = Object.fromEntries(FLAGS.map((flag) => [flag, fields[flag] === 'on']));
  return {
    ...Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'pins')),
    ...flags,
    ...(pins === 'none' ? {} : { is_pin_authentication_required: true, generate_pin: pins === 'drawn' }),
  };
}
