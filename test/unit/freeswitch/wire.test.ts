import fc from 'fast-check';
import modesl from 'modesl';
import { describe, expect, it } from 'vitest';
import { decodeHeader, WireParser, type WireMessage } from '../../../src/freeswitch/wire.js';

function parse(
  chunks: readonly Buffer[],
  limits = { maxHeaderBytes: 4096, maxBodyBytes: 65_536 },
): WireMessage[] {
  const messages: WireMessage[] = [];
  const parser = new WireParser((message) => messages.push(message), limits);
  for (const chunk of chunks) parser.push(chunk);
  return messages;
}

function encode(messages: readonly { name: string; body: string }[]): Buffer {
  return Buffer.concat(
    messages.map(({ name, body }) => {
      const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\n`;
      return Buffer.from(`Content-Type: ${name}\n${length}\n${body}`);
    }),
  );
}

describe('wire', () => {
  it('modesl still has the methods that are overridden and called', () => {
    for (const method of ['_onData', '_indexOfHeaderEnd', '_parseHeaderText', '_parseEvent'] as const) {
      expect(typeof (modesl.Parser.prototype as unknown as Record<string, unknown>)[method]).toBe('function');
    }
    const messages = parse([Buffer.from('Content-Type: a/b\nX: Andr%E9\n\n')]);
    expect(messages).toHaveLength(1);
    expect({ ...messages[0]!.headers }).toEqual({ 'Content-Type': 'a/b', X: 'Andr%E9' });
  });

  it('delivers the same messages however the bytes are cut', () => {
    const message = fc.record({
      name: fc.constantFrom('a/b', 'c/d'),
      body: fc.string({ unit: 'grapheme', maxLength: 60 }),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (messages, cuts) => {
          const bytes = encode(messages);
          const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((x, y) => x - y), bytes.length];
          const chunks = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
          const seen = parse(chunks).map((item) => ({ name: item.headers['Content-Type'], body: item.body }));
          expect(seen).toEqual(messages);
        },
      ),
    );
  });

  it('keeps the first of two headers with one name', () => {
    expect(parse([Buffer.from('Unique-ID: 1\nUnique-ID: 2\n\n')])[0]!.headers['Unique-ID']).toBe('1');
  });

  it('a header named __proto__ is a header', () => {
    const [message] = parse([Buffer.from('__proto__: x\nA: b\n\n')]);
    expect(Object.keys(message!.headers)).toEqual(['__proto__', 'A']);
  });

  it('refuses headers and bodies over the limit', () => {
    expect(() => parse([Buffer.alloc(5_000, 'x')])).toThrow(
      expect.objectContaining({ code: 'ERR_ESL_TOO_LARGE' }),
    );
    expect(() => parse([Buffer.from('Content-Length: 65537\n\n')])).toThrow(
      expect.objectContaining({ code: 'ERR_ESL_TOO_LARGE' }),
    );
  });

  it.each([
    ['%2B15550001001', '+15550001001'],
    ['Andr%C3%A9', 'André'],
    ['Andr%E9', 'Andr%E9'],
    ['100%', '100%'],
    ['%F0%9F%98%80', '\u{1f600}'],
    ['%F0%9F', '%F0%9F'],
  ])('decodes %s', (raw, decoded) => {
    expect(decodeHeader(raw)).toBe(decoded);
  });

  it('never throws on a header value', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => typeof decodeHeader(value) === 'string'));
  });
});
