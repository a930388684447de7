import type { ComponentChildren } from 'preact';

import { filterBy } from '../state/route.js';

/** Fields that make a list shorter. What they say stands in the address, so that it can be kept and sent on. */
export function Filters({ children }: { children: ComponentChildren }) {
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        filterBy(fieldsOf(event.currentTarget));
      }}
    >
      {children}
      <div class="filters-go">
        <button type="submit" class="button primary">
          Search
        </button>
        <button type="button" class="button quiet" onClick={() => filterBy({})}>
          Clear
        </button>
      </div>
    </form>
  );
}

/** What the fields of a form hold, without spaces around it; files and empty fields left out. */
export function fieldsOf(form: HTMLFormElement): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    const text = typeof value === 'string' ? value.trim() : '';
    if (text !== '') fields[name] = text;
  }
  return fields;
}
