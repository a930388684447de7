import { Store } from './store.js';

export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly text: string;
  /** Another one with the same text is another one. */
  readonly id: number;
}

/** What just happened, for eyes and screen readers; null once it was there long enough. */
export const notice = new Store<Notice | null>(null);

/** Milliseconds: long enough to read a sentence twice. */
const SHOWN_MS = 8_000;
let timer: ReturnType<typeof setTimeout> | undefined;
let count = 0;

export function tell(text: string, tone: Notice['tone'] = 'good'): void {
  clearTimeout(timer);
  notice.set({ tone, text, id: ++count });
  timer = setTimeout(() => notice.set(null), SHOWN_MS);
}
