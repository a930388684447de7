import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callerOf } from '../../../src/masking/caller.js';
import { countryOf, maskNumber, parseE164 } from '../../../src/masking/phone-number.js';

const of = (number: string, privacy = '', more: { fromUser?: string; hidden?: boolean } = {}) =>
  callerOf({ number, privacy, fromUser: number, hidden: false, ...more }, 'GB');

describe('callerOf', () => {
  it.each([
    ['+447911123456', '+447911123456'],
    ['447911123456', '+447911123456'],
    ['00447911123456', '+447911123456'],
    ['07911 123456', '+447911123456'],
    ['+15550001001', '+15550001001'],
  ])('reads %s as %s', (raw, number) => {
    expect(of(raw)).toEqual({ kind: 'number', number });
  });

  it.each([
    '',
    'anonymous',
    'Anonymous',
    'restricted',
    'unavailable',
    'unknown',
    'private',
    'withheld',
    '+266696687',
    '+7378742833',
    '+86282452253',
    '+8566696',
    '1'.repeat(40),
    '0',
    '+0123456789',
    'alice',
    'Andr\u00e9',
    '\u{1F600}',
    ';tag=1',
    '+15550001001;phone-context=x',
    '${uuid_kill(1)}',
    '+1555${x}0001',
    '+1555000\r\n1001',
  ])('takes %j for anonymous', (raw) => {
    expect(of(raw)).toEqual({ kind: 'anonymous' });
  });

  it.each(['id', 'user', 'header', 'ID;critical', 'header;id'])(
    'takes a caller who asks for Privacy: %s for anonymous, whatever number the trunk passes',
    (privacy) => {
      expect(of('+447911123456', privacy)).toEqual({ kind: 'anonymous' });
    },
  );

  it.each(['anonymous', 'Anonymous', 'restricted', 'unavailable', 'unknown', 'private', 'withheld', ''])(
    'takes a caller whose From is %j for anonymous, whatever number the trunk asserts',
    (fromUser) => {
      expect(of('+447911123456', '', { fromUser })).toEqual({ kind: 'anonymous' });
    },
  );

  it('takes a caller whose number the trunk marks as hidden for anonymous', () => {
    expect(of('+447911123456', '', { hidden: true })).toEqual({ kind: 'anonymous' });
  });

  it.each(['none', 'session', 'critical', ''])('keeps the number with Privacy: %s', (privacy) => {
    expect(of('+447911123456', privacy)).toMatchObject({ kind: 'number' });
  });

  it('gives a number of E.164 shape or anonymous for any text at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const caller = of(text);
        if (caller.kind === 'number') expect(caller.number).toMatch(/^\+[1-9]\d{6,14}$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('phone numbers', () => {
  it('knows countries of assigned ranges and calling codes shared by several', () => {
    expect(countryOf(parseE164('+442079460958')!)).toBe('GB');
    expect(countryOf(parseE164('+919999999999')!)).toBe('IN');
  });

  it('hides all but two digits', () => {
    expect(maskNumber('+447911123456')).toBe('***********56');
    expect(maskNumber('7')).toBe('7');
  });
});
