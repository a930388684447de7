import { describe, expect, it } from 'vitest';
import { isFatalReject, parseDialString } from '../../../sandbox/freeswitch/dial-string.js';
import { dialString } from '../../../src/freeswitch/dial-string.js';

describe('parseDialString', () => {
  it('reads shared and own variables and alternatives', () => {
    expect(parseDialString('{a=1,b=x y}[c=2]sofia/gateway/one/+1|[c=3]sofia/gateway/two/+1')).toEqual({
      variables: [
        ['a', '1'],
        ['b', 'x y'],
      ],
      legs: [
        { variables: [['c', '2']], type: 'sofia', address: 'gateway/one/+1' },
        { variables: [['c', '3']], type: 'sofia', address: 'gateway/two/+1' },
      ],
    });
  });

  it.each([
    ["{a='1,2'}sofia/gateway/t/1", [['a', '1,2']]],
    [
      '{^^:a=1,2:b=3}sofia/gateway/t/1',
      [
        ['a', '1,2'],
        ['b', '3'],
      ],
    ],
    [
      '{a=1}{b=2}sofia/gateway/t/1',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['{a=b=c}sofia/gateway/t/1', [['a', 'b=c']]],
  ])('%s', (text, variables) => expect(parseDialString(text).variables).toEqual(variables));

  it.each(['', '{a=1', '{a=1}'])('fails on "%s" as FreeSWITCH does', (text) => {
    expect(() => parseDialString(text)).toThrow();
  });

  it.each(['sofia/gateway/t/1,sofia/gateway/t/2', 'a/1:_:b/2', '<a=1>sofia/gateway/t/1'])(
    'refuses what is not simulated: %s',
    (text) => expect(() => parseDialString(text)).toThrow(/not simulated/),
  );

  it('reads what the controller writes', () => {
    const text = dialString({
      next: 'connect',
      marks: { number: '+15550000099', sessionId: 's', interactionId: 'i', party: 'first' },
      target: '+15550000002',
      trunks: ['carrier-a', 'carrier-b'],
      ringTimeout: 30,
      callTimeLimit: 60,
      playA: '',
      playB: '/prompts/b.wav',
      record: '',
      note: '',
    });
    const dial = parseDialString(text);
    expect(Object.fromEntries(dial.variables)).toMatchObject({
      masking_leg: 'b',
      origination_caller_id_number: '+15550000099',
      group_confirm_file: 'playback /prompts/b.wav',
    });
    expect(dial.legs.map((leg) => leg.address)).toEqual([
      'gateway/carrier-a/+15550000002',
      'gateway/carrier-b/+15550000002',
    ]);
  });
});

describe('isFatalReject', () => {
  it.each([
    ['', 'USER_BUSY', false],
    ['true', 'USER_BUSY', true],
    ['USER_BUSY,CALL_REJECTED', 'USER_BUSY', true],
    ['USER_BUSY', 'NORMAL_TEMPORARY_FAILURE', false],
    ['!NORMAL_TEMPORARY_FAILURE', 'NORMAL_TEMPORARY_FAILURE', false],
    ['!NORMAL_TEMPORARY_FAILURE', 'USER_BUSY', true],
  ] as const)('"%s" and %s', (list, cause, fatal) => expect(isFatalReject(list, cause)).toBe(fatal));
});
