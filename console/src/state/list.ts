import type { Query } from '../api/client.js';
import { PAGE_SIZE } from '../api/account.js';
import { useResource, type Resource } from './resource.js';
import { filterBy, route } from './route.js';
import { useStore } from './store.js';

export interface FilteredList<T> {
  readonly resource: Resource<T>;
  /** The filters that the address names. */
  readonly filters: Readonly<Record<string, string>>;
  readonly hasFilters: boolean;
  readonly toOffset: (offset: number) => void;
}

/** A list by the filters in the address: those of `names`, and the offset. */
export function useFilteredList<T>(
  names: readonly string[],
  load: (query: Query) => Promise<T>,
  everyMs?: number,
): FilteredList<T> {
  const { params } = useStore(route);
  const filters = Object.fromEntries(
    names.flatMap((name) => {
      const value = params.get(name) ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
  const offset = Math.max(0, Number(params.get('offset') ?? 0) || 0);
  const resource = useResource(
    JSON.stringify([filters, offset]),
    () => load({ ...filters, limit: PAGE_SIZE, offset }),
    everyMs,
  );
  return {
    resource,
    filters,
    hasFilters: Object.keys(filters).length > 0,
    toOffset: (to) => filterBy({ ...filters, ...(to === 0 ? {} : { offset: String(to) }) }),
  };
}
