/** A FreeSWITCH event as `event json` delivers it: headers with several values are arrays. */
export type EslEvent = Readonly<Partial<Record<string, string | readonly string[]>>>;

/** The first value of a header, "" when it is absent. */
export function eventValue(event: EslEvent, name: string): string {
  const value = event[name];
  if (value === undefined) return '';
  return typeof value === 'string' ? value : (value[0] ?? '');
}

/** A JSON document as an event, or null when it is none: an object of strings and arrays of strings. */
export function parseEvent(text: string): EslEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  const event = Object.create(null) as Record<string, string | readonly string[]>;
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value === 'string') event[name] = value;
    else if (Array.isArray(value)) event[name] = value.filter((item) => typeof item === 'string');
  }
  return event;
}
