import { Store } from './store.js';

export const PAGES = [
  'overview',
  'calls',
  'sessions',
  'numbers',
  'recordings',
  'statistics',
  'system',
  'why',
  'audit',
  'phones',
] as const;
export type PageName = (typeof PAGES)[number];

export interface Route {
  readonly page: PageName;
  /** Of the one thing that is shown, "" for the list. */
  readonly id: string;
  readonly params: URLSearchParams;
}

/** `#/calls/<id>?to=…`; what is unknown leads to the overview. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name, id = ''] = path.split('/');
  const page = PAGES.find((each) => each === name) ?? 'overview';
  return { page, id: page === name ? decoded(id) : '', params: new URLSearchParams(query) };
}

/** The address of a page, of one thing there, or of a list with filters. */
export function hrefOf(page: PageName, id = '', params: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(params).filter(([, value]) => value !== '');
  const query = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
  return `#/${page}${id === '' ? '' : `/${encodeURIComponent(id)}`}${query}`;
}

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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
