import { useRef, useState } from 'preact/hooks';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

/** A phone's keys; `press` must not reject. The digit keys of a keyboard work, too, while it has the focus. */
export function Keypad({ name, press }: { name: string; press: (key: string) => Promise<void> }) {
  const [pressed, setPressed] = useState('');
  // One after the other: requests overtake each other.
  const before = useRef(Promise.resolve());
  const hit = (key: string): void => {
    setPressed((keys) => (keys + key).slice(-20));
    before.current = before.current.then(() => press(key));
  };
  return (
    <div
      class="keypad"
      role="group"
      aria-label={name}
      onKeyDown={(event) => {
        const key = KEYS.find((each) => each === event.key);
        if (key !== undefined) hit(key);
      }}
    >
      <output aria-label="Keys pressed">{pressed}</output>
      {KEYS.map((key) => (
        <button key={key} type="button" class="button" onClick={() => hit(key)}>
          {key}
        </button>
      ))}
    </div>
  );
}
