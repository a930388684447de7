import { useEffect, useState } from 'preact/hooks';
import type { VNode } from 'preact';

import type { Phone } from './phone.js';
import { microphones, type VoiceSource } from './voice.js';

/** In the list a microphone is `microphone:` and its device id. */
const MICROPHONE = 'microphone:';

function sourceOf(value: string): VoiceSource {
  if (value.startsWith(MICROPHONE)) return { kind: 'microphone', device: value.slice(MICROPHONE.length) };
  return { kind: value === 'tone' ? 'tone' : 'melody' };
}

/** What a phone says. With two voices one person tells the two directions of a call apart. */
export function VoiceChoice(properties: { readonly phone: Phone; readonly withMicrophone: boolean }): VNode {
  const { phone, withMicrophone } = properties;
  const [chosen, setChosen] = useState('melody');
  const [devices, setDevices] = useState<readonly { id: string; label: string }[]>([]);

  const choose = async (value: string): Promise<void> => {
    setChosen(value);
    if (!(await phone.speakWith(sourceOf(value)))) {
      setChosen('melody');
      return;
    }
    if (value.startsWith(MICROPHONE)) setDevices(await microphones());
  };

  useEffect(() => {
    const begin = async (): Promise<void> => {
      await phone.speakWith({ kind: 'melody' });
      if (withMicrophone) await choose(MICROPHONE);
    };
    void begin();
  }, [phone]);

  return (
    <label>
      Says
      <select value={chosen} onChange={(event) => void choose(event.currentTarget.value)}>
        <option value={MICROPHONE}>Microphone</option>
        {devices.map(({ id, label }) => (
          <option key={id} value={`${MICROPHONE}${id}`}>
            {label}
          </option>
        ))}
        <option value="melody">A melody</option>
        <option value="tone">A steady tone</option>
      </select>
    </label>
  );
}
