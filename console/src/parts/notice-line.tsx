import { notice } from '../state/notice.js';
import { useStore } from '../state/store.js';
import { Icon } from './icon.js';

/** What just happened, in a corner. */
export function NoticeLine() {
  const shown = useStore(notice);
  return (
    <div class="notice-line" role="status" aria-live="polite">
      {shown === null ? null : (
        <div class={`notice ${shown.tone}`} key={shown.id}>
          <p>{shown.text}</p>
          <button
            type="button"
            class="button quiet square"
            aria-label="Dismiss"
            onClick={() => notice.set(null)}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
