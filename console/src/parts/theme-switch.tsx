import { useStore } from '../state/store.js';
import { nextTheme, theme } from '../state/theme.js';
import { Icon } from './icon.js';

const WORDS = { auto: 'as the system has it', light: 'light', dark: 'dark' } as const;

export function ThemeSwitch() {
  const chosen = useStore(theme);
  const label = `Colours: ${WORDS[chosen]}`;
  return (
    <button type="button" class="button quiet square" aria-label={label} title={label} onClick={nextTheme}>
      <Icon name={chosen} />
    </button>
  );
}
