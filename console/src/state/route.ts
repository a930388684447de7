import { hrefOf, routeOf, type Route } from './address.js';
import { Store } from './store.js';

export const route = new Store<Route>(routeOf(''));

/** Follows the address bar. */
export function followAddress(): void {
  const read = (): void => route.set(routeOf(location.hash));
  addEventListener('hashchange', read);
  read();
}

/** Other filters for the list that is shown; the way back leads to what was before it. */
export function filterBy(params: Readonly<Record<string, string>>): void {
  location.hash = hrefOf(route.value.page, route.value.id, params);
}
