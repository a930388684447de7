import { createHmac, randomInt } from 'node:crypto';

import type { HttpMethod } from '../masking/session.js';
import type { Parameters } from './parameters.js';

/** What callbacks are signed with: the token of the session's account, and that of the main one. */
export interface SigningTokens {
  readonly account: string;
  readonly main: string;
}

/** A random number of 20 decimal digits. */
export function nonce(): string {
  const digits = Array.from({ length: 20 }, (_, index) => randomInt(index === 0 ? 1 : 0, 10));
  return digits.join('');
}

/** The headers with which a receiver proves that a callback is ours (Plivo, signature validation V2 and V3). */
export function signatureHeaders(
  request: { readonly method: HttpMethod; readonly url: string; readonly parameters: Parameters },
  tokens: SigningTokens,
  random: string = nonce(),
): Record<string, string> {
  const { method, url, parameters } = request;
  // A receiver may check against the URL that it gave us, or against the one that arrived.
  const spellings = [...new Set([withoutFragment(url), urlAsSent(url)])];
  // Languages compare text by its UTF-8 bytes (Python, Go, PHP) or by UTF-16 units (Node), which differ for
  // characters beyond the first plane. The header may hold several signatures, of which one has to fit.
  const v3 = (token: string): string => {
    const all = spellings.flatMap((each) =>
      [byBytes, byUnits].map((order) => signatureV3(method, each, parameters, random, token, order)),
    );
    return [...new Set(all)].join(',');
  };
  return {
    'X-Plivo-Signature-V2': signatureV2(url, random, tokens.account),
    'X-Plivo-Signature-Ma-V2': signatureV2(url, random, tokens.main),
    'X-Plivo-Signature-V2-Nonce': random,
    'X-Plivo-Signature-V3': v3(tokens.account),
    'X-Plivo-Signature-Ma-V3': v3(tokens.main),
    'X-Plivo-Signature-V3-Nonce': random,
  };
}

/** V2 covers the URL up to its path. */
export function signatureV2(url: string, random: string, token: string): string {
  return hmac(token, `${partsOf(url).base}${random}`);
}

/**
 * V3 covers the URL, its query and the parameters. The path stays exactly as it is written; names and
 * values of the query are decoded and sorted.
 */
export function signatureV3(
  method: HttpMethod,
  url: string,
  parameters: Parameters,
  random: string,
  token: string,
  order: Order = byBytes,
): string {
  const { base, query } = partsOf(url);
  const given = [...new URLSearchParams(query)] as Parameters;
  const inQuery = sorted(method === 'GET' ? [...given, ...parameters] : given, order)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  if (method === 'GET') return hmac(token, `${base}${inQuery === '' ? '' : `?${inQuery}`}.${random}`);
  const inBody = sorted(parameters, order)
    .map(([name, value]) => `${name}${value}`)
    .join('');
  const mark = inQuery === '' && parameters.length === 0 ? '' : '?';
  const dot = inQuery !== '' && parameters.length > 0 ? '.' : '';
  return hmac(token, `${base}${mark}${inQuery}${dot}${inBody}.${random}`);
}

/** The URL in the spelling that a request has on the wire, without credentials and fragment. */
export function urlAsSent(url: string): string {
  const sent = new URL(url);
  sent.hash = '';
  sent.username = '';
  sent.password = '';
  return sent.href;
}

function withoutFragment(url: string): string {
  return url.replace(/#.*$/s, '');
}

/** Scheme, host, port and path as they are written, without credentials; and the query. */
function partsOf(url: string): { base: string; query: string } {
  const plain = withoutFragment(url);
  const at = plain.indexOf('?');
  const head = at === -1 ? plain : plain.slice(0, at);
  return {
    base: head.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1'),
    query: at === -1 ? '' : plain.slice(at + 1),
  };
}

/** Negative when `one` comes first. */
type Order = (one: string, other: string) => number;

const byBytes: Order = (one, other) => Buffer.compare(Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8'));
const byUnits: Order = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** By the name, then by the value. */
function sorted(parameters: Parameters, order: Order): Parameters {
  return [...parameters].sort((one, other) => order(one[0], other[0]) || order(one[1], other[1]));
}

function hmac(token: string, text: string): string {
  return createHmac('sha256', token).update(text, 'utf8').digest('base64');
}
