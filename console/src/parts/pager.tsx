import type { Page } from '../api/resources.js';
import { count } from '../text/format.js';
import { Icon } from './icon.js';

/** Which part of a list is shown, and the ways to the others. */
export function Pager(props: { page: Page<unknown>; onOffset: (offset: number) => void }) {
  const { meta, objects } = props.page;
  const { offset, limit, total_count: total } = meta;
  const last = offset + objects.length;
  if (total <= objects.length) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <button
        type="button"
        class="button quiet"
        disabled={offset === 0}
        onClick={() => props.onOffset(Math.max(0, offset - limit))}
      >
        <Icon name="previous" /> Newer
      </button>
      <span>
        {count(offset + 1)}–{count(last)} of {count(total)}
      </span>
      <button
        type="button"
        class="button quiet"
        disabled={last >= total}
        onClick={() => props.onOffset(offset + limit)}
      >
        Older <Icon name="next" />
      </button>
    </nav>
  );
}
