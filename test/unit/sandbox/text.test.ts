import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expand, scopedVariables, separate } from '../../../sandbox/freeswitch/text.js';
import { encodeHeader } from '../../../sandbox/freeswitch/event.js';
import { ChannelVariables } from '../../../sandbox/freeswitch/variables.js';
import { multisetArgument } from '../../../src/freeswitch/answer-variables.js';

const look = (values: Record<string, string>) => (name: string) => values[name];

describe('scopedVariables', () => {
  it.each([
    ['10.0.0.1:8084', {}, '10.0.0.1:8084'],
    ['%[a=b=c]rest', { a: 'b=c' }, 'rest'],
    ['%[a=1,b=2]', { a: '1', b: '2' }, ''],
    ['%;[a=1,5;b=2]x y', { a: '1,5', b: '2' }, 'x y'],
    ['%(2000,4000,440,480)', {}, '%(2000,4000,440,480)'],
  ])('%s', (argument, scoped, rest) => {
    const found = scopedVariables(argument);
    expect(Object.fromEntries(found.scoped)).toEqual(scoped);
    expect(found.rest).toBe(rest);
  });
});

describe('separate', () => {
  it.each([
    ['a b  c', ' ', ['a', 'b', 'c']],
    ["1 6 '/p q/x.wav' z", ' ', ['1', '6', '/p q/x.wav', 'z']],
    ['a=1,b=2', ',', ['a=1', 'b=2']],
    ["a='1,2',b=3", ',', ['a=1,2', 'b=3']],
    ['a\\,b,c', ',', ['a,b', 'c']],
    ['^^:a:b', ',', ['a', 'b']],
    ['a,,b', ',', ['a', '', 'b']],
    ["it's", ',', ["it's"]],
    ['', ',', []],
  ])('%s at "%s"', (text, delimiter, parts) => expect(separate(text, delimiter)).toEqual(parts));
});

describe('expand', () => {
  const values = { a: '1', list: '${a}2', name: 'a', long: '+15550000001' };
  it.each([
    ['${a}', '1'],
    ['x${a}y${a}', 'x1y1'],
    ['${a}${a}', '11'],
    ['${list}', '12'],
    ['${${name}}', '1'],
    ['${long:1}', '15550000001'],
    ['${long:1:3}', '155'],
    ['${long:-4}', '0001'],
    ['${none}!', '!'],
    ['\\${a}', '${a}'],
    ['^\\d+$', '^\\d+$'],
    ['${a} \\d+', '1 \\d+'],
    ['${system(id)}', '<API Execute Permission Denied>'],
    ['${a', '1'],
  ])('%s', (text, expected) => expect(expand(text, look(values))).toBe(expected));
});

it('takes a value through multiset as the controller meant it', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9+=,;{}[\]|/.' _-]{1,40}$/), (value) => {
      fc.pre(value === value.trim());
      const argument = multisetArgument([['masking_dial', value]]);
      const once = expand(argument, look({}));
      const [item = ''] = separate(once.slice(3), once.charAt(2));
      expect(expand(item, look({}))).toBe(`masking_dial=${value}`);
    }),
  );
});

it('percent-encodes as switch_url_encode does', () => {
  expect(encodeHeader('"Alice" <sip:+1@x>;a=b\r\n')).toBe('%22Alice%22%20%3Csip%3A%2B1%40x%3E%3Ba%3Db%0D%0A');
  expect(encodeHeader('SIP/2.0, (é)')).toBe('SIP/2.0,%20(%C3%A9)');
});

describe('ChannelVariables', () => {
  it('knows no case, keeps the order of the last change, and pushes', () => {
    const variables = new ChannelVariables();
    variables.set('A', '1');
    variables.set('b', '2');
    variables.set('a', '3');
    variables.push('b', '4');
    expect(variables.entries()).toEqual([
      ['b', ['2', '4']],
      ['a', '3'],
    ]);
    expect(variables.get('B')).toBe('ARRAY::2|:4');
    variables.set('b', '');
    expect(variables.get('b')).toBeUndefined();
  });

  it('refuses a reference where FreeSWITCH checks for one', () => {
    const variables = new ChannelVariables();
    variables.setChecked('a', '${system(x)}');
    expect(variables.get('a')).toBeUndefined();
  });
});
