/** A FreeSWITCH event as `event json` delivers it: headers are strings, those with several values arrays of strings. */
export type EslEvent = Readonly<Record<string, unknown>>;

/** The first value of a header, "" when it is absent or no text. */
export function eventValue(event: EslEvent, name: string): string {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return (value as readonly unknown[]).find((item) => typeof item === 'string') ?? '';
}

/** A JSON document as an event, or null when it is none: an object. */
export function parseEvent(text: string): EslEvent | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? (parsed as EslEvent)
    : null;
}

/**
 * The value of a header in an event that was not parsed, for a look at what is not worth parsing; "" when it cannot be
 * told by the text alone. A header's name between quotes cannot be part of a value, in which quotes are escaped.
 */
export function valueInText(text: string, name: string): string {
  const before = `"${name}":"`;
  const place = text.indexOf(before);
  if (place < 0) return '';
  const start = place + before.length;
  const value = text.slice(start, text.indexOf('"', start));
  return value.includes('\\') ? '' : value;
}
