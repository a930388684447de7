import { recalled, remember } from './remembered.js';
import { Store } from './store.js';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'maskline-theme';

export const theme = new Store<Theme>(stored());

/** Applies what is chosen from now on, and remembers it in this browser. */
export function followTheme(): void {
  const apply = (chosen: Theme): void => {
    document.documentElement.dataset['theme'] = chosen;
  };
  apply(theme.value);
  theme.subscribe((chosen) => {
    apply(chosen);
    remember(KEY, chosen);
  });
}

export function nextTheme(): void {
  theme.set(THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto');
}

function stored(): Theme {
  const value = recalled(KEY);
  return THEMES.find((each) => each === value) ?? 'auto';
}
