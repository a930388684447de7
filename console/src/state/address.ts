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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
