import type { Tone } from '../text/words.js';

/** A state in words, with a dot in its colour. */
export function Badge({ words: [text, tone] }: { words: readonly [text: string, tone: Tone] }) {
  return <span class={`badge tone-${tone}`}>{text}</span>;
}
