import { isE164, maskNumber } from '../masking/phone-number.js';

/** Keys whose whole value is hidden, at any depth, compared without case and punctuation. */
const SECRET_KEY =
  /^(?:pin|(?:first|second)partypin|digits|maskingdigits|maskingsecret|password|passwd|token|authtoken|secret|questionsecret|freeswitchpassword|authorization|proxyauthorization|cookie|datakeys?|redisurl)$/;

/** A number in a field of this name is a virtual number, which is public. */
const PUBLIC_NUMBER_KEY = 'did';

/** Fields whose numeric value counts something: an instant, a duration, a size, a process. */
const COUNT_KEY = /(?:^(?:time|pid|level)|At|Ms|Until|Bytes|Seconds|_ms|_bytes|_seconds)$/;

/** What only looks like a phone number. */
const KEPT = [
  // A UUID.
  '(?<![0-9a-fA-F])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F])',
  // A hash: 32 or more hexadecimal digits, letters among them.
  '(?<![0-9a-zA-Z])(?=[0-9]*[a-f])[0-9a-f]{32,128}(?![0-9a-zA-Z])',
  // A date, with or without time and zone, ISO 8601 or as the API prints it.
  '(?<!\\p{Nd})(?:19|20)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])' +
    '(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?(?:Z| ?[+-]\\d\\d:?\\d\\d(?: UTC)?)?)?(?!\\p{Nd})',
  // An IPv4 address, with or without a port or a prefix length.
  '(?<![\\p{Nd}.])(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)' +
    '(?:[:/]\\d{1,5})?(?![\\p{Nd}.])',
].join('|');

/** What people put between the digits of a number, invisible characters too. */
const SEPARATOR = '[\\s\\u00ad\\u200b-\\u200f\\u2010-\\u2015\\u2060().\\-/_~*]';

/**
 * Left to right, the first that fits: something kept, or 7 and more digits of any script with up to three
 * separators between two of them. A number ends where something kept begins.
 */
const CANDIDATE = new RegExp(
  `(?<keep>${KEPT})|[+\\uff0b]?\\p{Nd}(?:${SEPARATOR}{0,3}(?!${KEPT})\\p{Nd}){6,}`,
  'gu',
);

/** Nothing but a UUID or an instant, as most values of our own fields are. */
const KEPT_ALONE =
  /^(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T\d\d:\d\d:\d\d\.\d{3}Z)$/;

/** Digits of a number that is masked, at least; as in CANDIDATE. */
const FEWEST_DIGITS = 7;

/** The text with every phone number in it masked: but for its last two digits, or as `mask` has it. */
export function maskText(text: string, mask: (number: string) => string = maskNumber): string {
  // Almost everything that is logged ends here: CANDIDATE takes far longer to find nothing.
  if (hasFewDigits(text) || KEPT_ALONE.test(text)) return text;
  return text.replace(CANDIDATE, (match: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as { keep?: string };
    return groups.keep === undefined ? mask(match) : match;
  });
}

/** False also for a text that is not ASCII: other scripts have digits of their own. */
function hasFewDigits(text: string): boolean {
  let digits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return false;
    if (code >= 0x30 && code <= 0x39) digits += 1;
    if (digits === FEWEST_DIGITS) return false;
  }
  return true;
}

/**
 * A JSON value as it may be logged: numbers of people masked, secrets hidden, at any depth, in keys too.
 * A number in a field `did` stays, when it is E.164. UUIDs, hashes, dates and IP addresses stay.
 */
export function privateValue(value: unknown, key = ''): unknown {
  if (value !== null && value !== undefined && value !== '' && isSecretKey(key)) return '[hidden]';
  if (typeof value === 'string') return key === PUBLIC_NUMBER_KEY && isE164(value) ? value : maskText(value);
  if (typeof value === 'number') return privateNumber(value, key);
  if (Array.isArray(value)) return value.map((entry) => privateValue(entry, key));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines properties, so that a key called __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [maskText(name), privateValue(entry, name)]),
  );
}

/** One line of the log, as JSON with its newline, made private. */
export function privateLine(line: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    // Not ours to lose: what cannot be read as JSON is masked as text.
    return maskText(line);
  }
  return `${JSON.stringify(privateValue(parsed))}\n`;
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key.toLowerCase().replace(/[^a-z]/g, ''));
}

function privateNumber(value: number, key: string): number | string {
  if (Math.abs(value) < 1_000_000 || COUNT_KEY.test(key)) return value;
  // Milliseconds since the epoch, 2001 to 2039. No country has phone numbers of this length and beginning.
  if (value >= 1e12 && value < 2.2e12) return value;
  return maskText(String(value));
}
