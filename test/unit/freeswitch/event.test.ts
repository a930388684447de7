import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { eventValue, parseEvent, valueInText } from '../../../src/freeswitch/event.js';
import { isKnownEnd } from '../../../src/freeswitch/node-events.js';

const UUID = '525ef7e0-b97f-4ab8-81ea-901bd07e7af5';

describe('an event', () => {
  it('gives texts and the first of several, and nothing that is neither', () => {
    const event = parseEvent('{"a":"1","b":["2","3"],"c":[4,"5"],"d":6,"e":{"f":"7"},"g":[],"h":null}');
    expect(event).not.toBeNull();
    expect(['a', 'b', 'c', 'd', 'e', 'g', 'h', 'none'].map((name) => eventValue(event!, name))).toEqual([
      ...['1', '2', '5', '', '', '', '', ''],
    ]);
  });

  it('has no header that nobody sent', () => {
    const event = parseEvent('{"__proto__":["x"]}');
    for (const name of ['constructor', 'toString', 'valueOf']) expect(eventValue(event!, name)).toBe('');
    expect(eventValue(event!, '__proto__')).toBe('x');
    expect(eventValue(parseEvent('{}')!, '__proto__')).toBe('');
  });

  it('says in its text what it says when it is parsed, or nothing', () => {
    const header = fc.constantFrom('Event-Name', 'Unique-ID', 'variable_x');
    const text = fc.oneof(fc.string(), fc.constantFrom('"Unique-ID":"no"', '\\"Unique-ID\\":\\"no\\"', '\\'));
    fc.assert(
      fc.property(fc.dictionary(header, text), (headers) => {
        const json = JSON.stringify(headers);
        for (const name of ['Event-Name', 'Unique-ID', 'variable_x']) {
          expect(['', eventValue(parseEvent(json)!, name)]).toContain(valueInText(json, name));
        }
      }),
    );
  });
});

describe('an end that is known', () => {
  const end = JSON.stringify({ 'Event-Name': 'CHANNEL_HANGUP_COMPLETE', 'Unique-ID': UUID });

  it.each([
    ['the end of a leg that is known', end, [UUID], true],
    ['the end of another leg', end, ['other'], false],
    ['something else of the leg', end.replace('HANGUP_COMPLETE', 'ANSWER'), [UUID], false],
    ['an end without a leg', '{"Event-Name":"CHANNEL_HANGUP_COMPLETE"}', [''], false],
    ['an event in another spelling', end.replaceAll('":"', '": "'), [UUID], false],
  ])('is told by the text alone: %s', (_, text, known, expected) => {
    expect(isKnownEnd(text, (uuid) => known.includes(uuid))).toBe(expected);
  });
});
