import type { VNode } from 'preact';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const NAMES: Readonly<Record<string, string>> = { '*': 'Star', '#': 'Hash' };

/** Twelve keys, for the mouse, for the finger, and for Tab and Enter. */
export function Keypad(properties: {
  readonly disabled: boolean;
  readonly press: (key: string) => void;
}): VNode {
  return (
    <div class="keypad" role="group" aria-label="Keypad">
      {KEYS.map((key) => (
        <button
          key={key}
          type="button"
          aria-label={NAMES[key] ?? key}
          disabled={properties.disabled}
          onClick={() => properties.press(key)}
        >
          {key}
        </button>
      ))}
    </div>
  );
}
