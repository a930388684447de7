import { PAGE_TITLES } from '../pages/pages.js';
import type { PageName } from '../state/address.js';
import { GO_KEYS, hasShortcuts } from '../state/shortcuts.js';
import { useStore } from '../state/store.js';
import { Dialog } from './dialog.js';
import { CheckField } from './field.js';

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['?'], 'this help'],
  [['/'], 'to the search'],
  [['j', 'k'], 'to the next row, the one before'],
  [['Enter'], 'open the row'],
  [['n'], 'new session, on Sessions'],
  [['t'], 'light, dark, or as the system has it'],
  [['Esc'], 'close a dialog'],
];

/** The keyboard shortcuts, and the switch that turns them off. */
export function HelpDialog({ pages, onClose }: { pages: readonly PageName[]; onClose: () => void }) {
  const isOn = useStore(hasShortcuts);
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div class="shortcuts">
        <dl>
          {KEYS.map(([keys, does]) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {pages.map((page) => (
            <div key={page}>
              <dt>
                <kbd>g</kbd>
                <kbd>{GO_KEYS[page]}</kbd>
              </dt>
              <dd>{PAGE_TITLES[page]}</dd>
            </div>
          ))}
        </dl>
      </div>
      <CheckField
        label="Single keys are shortcuts"
        name="shortcuts"
        isOn={isOn}
        onChange={(on) => hasShortcuts.set(on)}
      />
    </Dialog>
  );
}
