/** How a server lets us keep what it sent. */
export interface Validity {
  /** Milliseconds for which it is fresh; null when the server says nothing. */
  readonly maxAge: number | null;
  /** What to ask with whether it has changed; "" for none. */
  readonly etag: string;
  readonly lastModified: string;
}

/** Characters that a validator may have; longer ones are not kept. */
const LONGEST_VALIDATOR = 256;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Reads Cache-Control, Age, ETag and Last-Modified (RFC 9111, 5.2.2 and 4.2.3; RFC 9110, 8.8). */
export function validityOf(headers: Headers): Validity {
  return {
    maxAge: maxAgeOf(text(headers['cache-control']).toLowerCase(), Number(text(headers['age'])) || 0),
    etag: validator(text(headers['etag'])),
    lastModified: validator(text(headers['last-modified'])),
  };
}

/** The headers that ask for content only when it is another one than that of `validity`. */
export function conditions({ etag, lastModified }: Validity): Record<string, string> {
  return {
    ...(etag === '' ? {} : { 'if-none-match': etag }),
    ...(lastModified === '' ? {} : { 'if-modified-since': lastModified }),
  };
}

function maxAgeOf(control: string, age: number): number | null {
  if (/(^|[\s,])no-(cache|store)($|[\s,=])/.test(control)) return 0;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})/.exec(control)?.[1];
  return seconds === undefined ? null : Math.max(0, Number(seconds) - Math.max(0, age)) * 1_000;
}

function validator(value: string): string {
  return value.length <= LONGEST_VALIDATOR && /^[\x20-\x7e]*$/.test(value) ? value : '';
}

function text(value: string | string[] | undefined): string {
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}
