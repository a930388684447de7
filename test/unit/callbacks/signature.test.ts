import fc from 'fast-check';
import plivo from 'plivo';
import { describe, expect, it } from 'vitest';

import {
  nonce,
  signatureHeaders,
  signatureV2,
  signatureV3,
  urlAsSent,
} from '../../../src/callbacks/signature.js';
import type { HttpMethod } from '../../../src/masking/session.js';

/** Published with Plivo's SDKs for Ruby, Go and .NET. */
const URL = 'https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml';
const NONCE = '31627761595286130198';
const TOKEN = 'Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4';
const PARAMETERS = Object.entries({
  Direction: 'outbound',
  From: '19792014278',
  ALegUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
  CallStatus: 'in-progress',
  BillRate: '0.002',
  ParentAuthID: 'MANWVLYTK4ZWU1YTY4QA',
  To: 'sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com',
  ALegRequestUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
  CallUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
  RequestUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
  'SIP-H-To': '<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1',
  SessionStart: '2020-04-08 11:34:33.238707',
  Event: 'StartApp',
});

describe('the published vectors', () => {
  it('V2', () => {
    expect(signatureV2('https://answer.url', '12345', 'my_auth_token')).toBe(
      'ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=',
    );
  });

  it.each<[string, HttpMethod, string, string]>([
    ['POST with a query', 'POST', `${URL}/?a=b&c=d`, 'k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c='],
    ['GET with a query', 'GET', `${URL}/?a=b&c=d`, 'UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ='],
    ['POST without', 'POST', URL, 'iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0='],
    ['GET without', 'GET', URL, 'i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc='],
  ])('V3, %s', (_, method, url, expected) => {
    expect(signatureV3(method, url, PARAMETERS, NONCE, TOKEN)).toBe(expected);
  });
});

const word = fc.string({ unit: fc.constantFrom(...Array.from('abzAZ019-._~')), minLength: 1, maxLength: 6 });
const anyText = fc.string({ unit: 'grapheme', maxLength: 8 });
const url = fc
  .record({
    scheme: fc.constantFrom('http', 'https'),
    host: fc.constantFrom('receiver.example', '192.0.2.7', 'a-b.example'),
    port: fc.constantFrom('', ':8080', ':8443'),
    path: fc.array(word, { maxLength: 3 }).map((parts) => parts.map((part) => `/${part}`).join('')),
    query: fc.array(fc.tuple(word, anyText), { maxLength: 4 }),
    repeated: fc.boolean(),
  })
  .map(({ scheme, host, port, path, query, repeated }) => {
    const pairs = repeated ? [...query, ...query.map(([name]) => [name, 'again'] as const)] : query;
    const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    return `${scheme}://${host}${port}${path}${text === '' ? '' : `?${text}`}`;
  });
const parameters = fc.uniqueArray(fc.tuple(word, anyText), { selector: ([name]) => name, maxLength: 5 });

describe("Plivo's own validator for Node", () => {
  it.each<HttpMethod>(['GET', 'POST'])(
    'takes every signature of a %s, whichever URL it is asked about',
    (method) => {
      fc.assert(
        fc.property(url, parameters, fc.constantFrom('account', 'main'), (target, told, whose) => {
          const tokens = { account: 'token-of-the-account', main: 'token-of-the-main-account' };
          const headers = signatureHeaders({ method, url: `${target}#rc=2`, parameters: told }, tokens);
          const given = headers[whose === 'main' ? 'X-Plivo-Signature-Ma-V3' : 'X-Plivo-Signature-V3'] ?? '';
          for (const seen of [target, urlAsSent(target)]) {
            const valid = plivo.validateV3Signature(
              method,
              seen,
              headers['X-Plivo-Signature-V3-Nonce'] ?? '',
              tokens[whose],
              given,
              Object.fromEntries(told),
            );
            expect(valid).toBe(true);
          }
        }),
        { numRuns: 300 },
      );
    },
  );

  it('takes a signature over names that UTF-8 and UTF-16 sort differently', () => {
    const tokens = { account: 'token', main: 'token' };
    const target = 'http://receiver.example/?1=%EF%A4%80';
    const told = [['1', '\u{10000}']] as const;
    const given =
      signatureHeaders({ method: 'GET', url: target, parameters: told }, tokens, NONCE)[
        'X-Plivo-Signature-V3'
      ] ?? '';
    expect(given.split(',')).toHaveLength(2);
    expect(plivo.validateV3Signature('GET', target, NONCE, 'token', given, Object.fromEntries(told))).toBe(
      true,
    );
  });

  it('refuses a parameter that was changed', () => {
    const tokens = { account: 'token', main: 'token' };
    const headers = signatureHeaders({ method: 'POST', url: URL, parameters: [['To', '1']] }, tokens, NONCE);
    const given = headers['X-Plivo-Signature-V3'] ?? '';
    expect(plivo.validateV3Signature('POST', URL, NONCE, 'token', given, { To: '1' })).toBe(true);
    expect(plivo.validateV3Signature('POST', URL, NONCE, 'token', given, { To: '2' })).toBe(false);
  });
});

describe('what is signed', () => {
  it('has no credentials and no fragment', () => {
    const plain = signatureV3('POST', 'https://receiver.example/a?b=c', [], NONCE, TOKEN);
    const headers = signatureHeaders(
      { method: 'POST', url: 'https://user:secret@receiver.example/a?b=c#rc=5', parameters: [] },
      { account: TOKEN, main: TOKEN },
      NONCE,
    );
    expect(headers['X-Plivo-Signature-V3']).toBe(plain);
  });

  it('covers both the URL as it was given and as it is sent', () => {
    const request = { method: 'POST' as const, url: 'https://Receiver.example:443', parameters: [] };
    const headers = signatureHeaders(request, { account: TOKEN, main: TOKEN }, NONCE);
    expect(headers['X-Plivo-Signature-V3']?.split(',')).toEqual([
      signatureV3('POST', 'https://Receiver.example:443', [], NONCE, TOKEN),
      signatureV3('POST', 'https://receiver.example/', [], NONCE, TOKEN),
    ]);
  });

  it('a nonce has 20 digits, another one each time', () => {
    const all = Array.from({ length: 50 }, () => nonce());
    for (const each of all) expect(each).toMatch(/^[1-9]\d{19}$/);
    expect(new Set(all).size).toBe(50);
  });
});
