import { tell } from '../state/notice.js';

/** An id; a click copies it. */
export function CopyId({ id }: { id: string }) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(id);
      tell('Copied.');
    } catch {
      // Browsers copy for pages that came over https, or from this machine, only.
      tell('This browser does not let the page copy: select the id and copy it by hand.', 'bad');
    }
  };
  return (
    <button type="button" class="copy" title="Copy" onClick={() => void copy()}>
      {id}
    </button>
  );
}
