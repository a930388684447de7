import { parseAmount } from './masking/billing.js';
import ipaddr from 'ipaddr.js';
import { getCountries } from 'libphonenumber-js/max';
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';

import { parseE164, type E164 } from './masking/phone-number.js';
import { parseRedisUrl } from './store/redis-url.js';

/** An Event Socket: `name` is `host:port`. */
export interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** A reader returns what the text means, or says what is wrong with it and the cure. */
type Reader<T> = (text: string) => T | Wrong;

export class Wrong {
  constructor(readonly message: string) {}
}

const HOST = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$/;
/** What both FreeSWITCH's XML and its dialplan carry without a change. */
const SECRET = /^[A-Za-z0-9._~+/=@%^!*-]{16,128}$/;
/** Public defaults and placeholders, compared without punctuation. */
const WEAK = ['cluecon', 'changeme', 'changethis', 'password', 'example', 'yoursecret', 'placeholder'];
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** FreeSWITCH's names for levels, because one environment often serves both. */
const FREESWITCH_LEVELS: ReadonlyMap<string, (typeof LEVELS)[number]> = new Map([
  ['notice', 'info'],
  ['warning', 'warn'],
  ['err', 'error'],
  ['crit', 'fatal'],
  ['alert', 'fatal'],
]);

export const host = (fallback: string) =>
  optional(fallback, (text) =>
    isIP(text) !== 0 || HOST.test(text)
      ? text
      : new Wrong('is not a host name or an IP address: give one, such as 0.0.0.0'),
  );

/** Millionths. */
const MOST_RATE = 1_000_000_000;

export const port = (fallback: number) => integer('a port', 1, 65_535, fallback);

export const integer = (unit: string, min: number, max: number, fallback: number) =>
  optional(String(fallback), (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max
      ? number
      : new Wrong(`must be a whole number from ${min} to ${max} (${unit}): correct or remove it`);
  });

export const flag = (fallback: boolean) =>
  optional(String(fallback), (text) =>
    text === 'true' || text === 'false'
      ? text === 'true'
      : new Wrong('must be true or false: correct or remove it'),
  );

/** Money with at most six decimals, in millionths. */
export const amount = (fallback: string) =>
  optional(fallback, (text) => {
    const value = parseAmount(text);
    return value !== null && value <= MOST_RATE
      ? value
      : new Wrong('must be an amount such as 0.0085, at most 1000 and six decimals: correct or remove it');
  });

/** Shorter limits would take an ordinary pause for a hang. */
const SHORTEST_WATCHDOG_LIMIT = 500;

export const watchdogLimit = (fallback: number) =>
  optional(String(fallback), (text) => {
    const limit = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    return limit === 0 || limit >= SHORTEST_WATCHDOG_LIMIT
      ? limit
      : new Wrong(
          `must be 0 or from ${SHORTEST_WATCHDOG_LIMIT} to 99999 (milliseconds): correct or remove it`,
        );
  });

export const publicUrl = () =>
  z
    .string()
    .transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      const usable =
        url !== null &&
        /^https?:$/.test(url.protocol) &&
        url.search + url.hash + url.username + url.password === '';
      if (usable) return text.replace(/\/+$/, '');
      return refuse(context, 'is not an http:// or https:// URL: give the one that clients use for the API');
    })
    .optional();

export const authId = () =>
  mandatory('20 characters that begin with MA, capital letters and digits', (text) =>
    /^MA[A-Z0-9]{18}$/.test(text)
      ? text
      : new Wrong(
          'is not an account id: it needs 20 characters that begin with MA, capital letters and digits only',
        ),
  );

export const secret = () =>
  mandatory('16 to 128 random letters and digits', (text) => {
    const word = text.toLowerCase().replace(/[^a-z0-9]/g, '');
    if (WEAK.some((weak) => word.includes(weak)) || new Set(text).size < 6) {
      return new Wrong('can be guessed: replace it by 16 to 128 random letters and digits');
    }
    if (text.length < 16)
      return new Wrong('is shorter than 16 characters: use 16 to 128 random letters and digits');
    return SECRET.test(text)
      ? text
      : new Wrong('must have 16 to 128 letters, digits and . _ ~ + / = @ % ^ ! * -: replace it');
  });

export const redisUrl = (fallback: string) =>
  optional(fallback, (text) => {
    try {
      parseRedisUrl(text);
      return text;
    } catch {
      return new Wrong(
        'is not understood: use redis://host:port, rediss://, redis+sentinel://h1,h2/master or redis+cluster://h1,h2',
      );
    }
  });

export const nodes = (fallback: string) => optional(fallback, (text) => endpointsIn(listOf(text), ','));

/** In the form of freeswitch/start.sh, which is that of FreeSWITCH's own lists. */
export const cdrHosts = (fallback: string) => optional(fallback, (text) => endpointsIn(text.split('|'), '|'));

function endpointsIn(entries: readonly string[], separator: ',' | '|'): NodeAddress[] | Wrong {
  const addresses: NodeAddress[] = [];
  for (const entry of entries) {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(entry);
    const name = match?.[1] ?? match?.[2] ?? '';
    const number = Number(match?.[3]);
    if (!(isIP(name) !== 0 || HOST.test(name)) || !(number >= 1 && number <= 65_535)) {
      const form =
        separator === ','
          ? 'commas between, such as fs1:8021,fs2:8021'
          : '| between, such as c1:8085|c2:8085';
      return new Wrong(`has an entry that is not host:port: write them with ${form}`);
    }
    if (addresses.some((other) => other.host === name && other.port === number)) {
      return new Wrong('names one address twice: remove the second');
    }
    addresses.push({ host: name, port: number });
  }
  return addresses.length > 0 ? addresses : new Wrong('names no address: give at least one host:port');
}

export const networks = (fallback: string) =>
  optional(fallback, (text) => {
    const entries = listOf(text);
    const usable = entries.every((entry) =>
      entry.includes('/') ? ipaddr.isValidCIDR(entry) : isIP(entry) !== 0,
    );
    return usable
      ? entries
      : new Wrong(
          'has an entry that is neither an address nor a CIDR block: write them as 10.0.0.0/8,192.0.2.7',
        );
  });

export const trunks = () =>
  mandatory('the names of your trunks with commas between, the preferred one first', (text) => {
    const names = listOf(text);
    // The name becomes part of a dial string.
    if (names.length === 0 || !names.every((name) => /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))) {
      return new Wrong('has a name that is not letters, digits, _ and -: give names with commas between');
    }
    return new Set(names).size === names.length
      ? names
      : new Wrong('names one trunk twice: remove the second');
  });

export const phoneNumbers = (fallback = '') =>
  optional(fallback, (text) => {
    const numbers: E164[] = [];
    for (const entry of listOf(text)) {
      const number = parseE164(entry);
      if (number === null) {
        return new Wrong('has an entry that is not a phone number: give +E164 numbers with commas between');
      }
      numbers.push(number);
    }
    return [...new Set(numbers)];
  });

export const folder = (fallback: string) =>
  optional(fallback, (text) =>
    // FreeSWITCH reads these paths inside its own configuration and arguments.
    isAbsolute(text) && /^[A-Za-z0-9_/.-]+$/.test(text) && !text.split('/').includes('..')
      ? text.replace(/(?<=.)\/+$/, '')
      : new Wrong('is not an absolute path of letters, digits and . _ / -: correct it'),
  );

export const dataKeys = () =>
  mandatory('base64 of 32 random bytes, such as the output of: openssl rand -base64 32', (text) => {
    const keys = listOf(text);
    const cure = 'make each one with: openssl rand -base64 32';
    if (keys.length === 0) return new Wrong(`holds no key: ${cure}`);
    const decoded = keys.map((key) => (/^[A-Za-z0-9+/]{43}=$/.test(key) ? Buffer.from(key, 'base64') : null));
    if (!decoded.every((key) => key?.length === 32)) {
      return new Wrong(`has a key that is not base64 of 32 bytes: ${cure}`);
    }
    if (decoded.some((key) => new Set(key).size < 12))
      return new Wrong(`has a key that is not random: ${cure}`);
    const same = new Set(decoded.map((key) => key?.toString('hex')));
    return same.size === keys.length ? keys : new Wrong('holds the same key twice: remove the second');
  });

export const country = () =>
  optional('', (text) =>
    text === '' || (getCountries() as string[]).includes(text)
      ? text
      : new Wrong('is not a country: give two capital letters (ISO 3166-1), such as GB, or remove it'),
  );

export const logLevel = (fallback: (typeof LEVELS)[number]) =>
  optional(
    fallback,
    (text) =>
      LEVELS.find((level) => level === text) ??
      FREESWITCH_LEVELS.get(text) ??
      new Wrong(`is not a level: use one of ${LEVELS.join(', ')}`),
  );

export const oneOf = <const T extends string>(words: readonly T[], fallback: NoInfer<T>) =>
  optional(
    fallback,
    (text) =>
      words.find((word) => word === text) ?? new Wrong(`is not understood: use one of ${words.join(', ')}`),
  );

export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

export function optional<T>(fallback: string, read: Reader<T>) {
  return z
    .string()
    .default(fallback)
    .transform((text, context) => settle(read(text), context));
}

function mandatory<T>(form: string, read: Reader<T>) {
  return z
    .string({ error: `is not set: set it to ${form}` })
    .transform((text, context) => settle(read(text), context));
}

function settle<T>(read: T | Wrong, context: z.RefinementCtx): T {
  return read instanceof Wrong ? refuse(context, read.message) : read;
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
