import { recalled, remember } from './remembered.js';
import { hrefOf, type PageName } from './address.js';
import { Store } from './store.js';
import { nextTheme } from './theme.js';

/** The key after `g`. */
export const GO_KEYS: Readonly<Record<PageName, string>> = {
  overview: 'o',
  calls: 'c',
  sessions: 's',
  numbers: 'n',
  recordings: 'r',
  statistics: 't',
  system: 'y',
  why: 'w',
  audit: 'a',
  phones: 'p',
};

const KEY = 'maskline-shortcuts';
/** Between `g` and what follows it. Milliseconds. */
const CHORD_MS = 1_500;

export const isHelpOpen = new Store(false);
/** Single keys can be turned off: speech input types them by accident (WCAG 2.1.4). */
export const hasShortcuts = new Store(recalled(KEY) !== 'off');

hasShortcuts.subscribe((on) => remember(KEY, on ? 'on' : 'off'));

/** Listens for as long as the page lives. `pages`: those that there are. */
export function followShortcuts(pages: () => readonly PageName[]): () => void {
  let chordUntil = 0;
  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (!hasShortcuts.value || isTyping(event.target) || document.querySelector('dialog[open]') !== null) {
      return;
    }
    const { key } = event;
    if (Date.now() < chordUntil) {
      chordUntil = 0;
      const page = pages().find((each) => GO_KEYS[each] === key);
      if (page === undefined) return;
      location.hash = hrefOf(page);
    } else if (key === 'g') chordUntil = Date.now() + CHORD_MS;
    else if (key === '?') isHelpOpen.set(true);
    else if (key === 't') nextTheme();
    else if (key === '/') focusOn('[data-search]');
    else if (key === 'n') document.querySelector<HTMLElement>('[data-create]')?.click();
    else if (key === 'j' || key === 'k') stepThrough(key === 'j' ? 1 : -1);
    else return;
    event.preventDefault();
  };
  addEventListener('keydown', pressed);
  return () => removeEventListener('keydown', pressed);
}

/** To the next row of the page's tables, or the one before. */
export function stepThrough(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row-link]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at === -1 ? (by === 1 ? 0 : rows.length - 1) : at + by;
  rows[next]?.focus();
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) {
    return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
