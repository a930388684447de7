import { useEffect, useRef, useState } from 'preact/hooks';
import type { VNode } from 'preact';

import { Keypad } from './keypad.js';
import type { CallState, Phone } from './phone.js';
import { VoiceChoice } from './voice-choice.js';

interface Properties {
  readonly phone: Phone;
  readonly name: string;
  /** Virtual numbers, digits. */
  readonly numbers: readonly string[];
  /** What stands in the dial field until somebody writes there. */
  readonly suggested: string;
  readonly withMicrophone: boolean;
}

const STATE: Readonly<Record<CallState, (partner: string) => string>> = {
  none: () => 'Idle',
  dialing: (partner) => `Dialling ${partner}…`,
  ringing: (partner) => `${partner} rings…`,
  incoming: (partner) => `Call from ${partner}`,
  connected: (partner) => `Connected with ${partner}`,
};

/** How often the level is looked at, in milliseconds. */
const LEVEL_MS = 100;

/** One phone: what it shows, and its keys. */
export function PhoneCard({ phone, name, numbers, suggested, withMicrophone }: Properties): VNode {
  const [display, setDisplay] = useState(phone.display);
  const [number, setNumber] = useState(suggested);
  const [listening, setListening] = useState(withMicrophone);
  const id = `phone-${phone.number}`;

  useEffect(() => phone.subscribe(() => setDisplay(phone.display)), [phone]);
  useEffect(() => setNumber(suggested), [suggested]);
  useEffect(() => phone.listen(listening), [phone, listening]);

  return (
    <section class="phone" aria-labelledby={id}>
      <h2 id={id}>
        {name} <span class="number">{phone.number}</span>
      </h2>
      <p class={display.registered ? 'registered' : 'unregistered'} role="status">
        {display.registered ? 'Registered' : 'Not registered'}
      </p>
      <p class="display" role="status" aria-label={`Display of the ${name.toLowerCase()}`}>
        {STATE[display.call](display.partner)}
      </p>
      <p class="aside">
        <Timer since={display.since} />
        {display.keyed !== '' && <span class="keyed">Keyed {display.keyed}</span>}
        <span role="status">{display.ending}</span>
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          phone.dial(number);
        }}
      >
        <label class="grow">
          Number to dial
          <input
            type="tel"
            value={number}
            list={`${id}-numbers`}
            autocomplete="off"
            required
            pattern="\+?[0-9]{3,15}"
            title="3 to 15 digits"
            onInput={(event) => setNumber(event.currentTarget.value)}
          />
        </label>
        <datalist id={`${id}-numbers`}>
          {numbers.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <button type="submit" class="primary" disabled={!display.registered || display.call !== 'none'}>
          Call
        </button>
      </form>
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={display.call !== 'incoming'}
          onClick={() => phone.answer()}
        >
          Answer
        </button>
        <button type="button" class="end" disabled={display.call === 'none'} onClick={() => phone.hangUp()}>
          {display.call === 'incoming' ? 'Reject' : 'Hang up'}
        </button>
      </div>
      <Keypad disabled={display.call !== 'connected'} press={(key) => phone.press(key)} />
      <Level phone={phone} />
      <VoiceChoice phone={phone} withMicrophone={withMicrophone} />
      <div class="row">
        <label class="check">
          <input
            type="checkbox"
            checked={display.muted}
            onChange={(event) => phone.mute(event.currentTarget.checked)}
          />
          Mute what it says
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={listening}
            onChange={(event) => setListening(event.currentTarget.checked)}
          />
          Listen at this phone
        </label>
      </div>
      <p class="problem" role="alert">
        {display.problem} {display.voiceProblem}
      </p>
    </section>
  );
}

/** Minutes and seconds since the call was connected. */
function Timer({ since }: { readonly since: number | null }): VNode | null {
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (since === null) return undefined;
    setNow(Date.now());
    const clock = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(clock);
  }, [since]);
  if (since === null) return null;
  const seconds = Math.max(0, Math.floor((now - since) / 1_000));
  const text = `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
  return <time role="timer">{text}</time>;
}

/** How loud what this phone hears is. Written past the page's own rendering, ten times a second. */
function Level({ phone }: { readonly phone: Phone }): VNode {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    const clock = setInterval(() => {
      if (meter.current !== null) meter.current.value = phone.level();
    }, LEVEL_MS);
    return () => clearInterval(clock);
  }, [phone]);
  return (
    <label>
      Hears
      <meter ref={meter} min={0} max={1} value={0} />
    </label>
  );
}
