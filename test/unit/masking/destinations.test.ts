import fc from 'fast-check';
import { getCountries, getExampleNumber, type CountryCode } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/examples.mobile.json';
import { describe, expect, it } from 'vitest';

import {
  ANY_COUNTRY,
  destinationProblem,
  homeCountriesOf,
  LOW_RISK_COUNTRIES,
  type DestinationRules,
} from '../../../src/masking/destinations.js';
import { countryOf, parseE164, type E164 } from '../../../src/masking/phone-number.js';

const NOWHERE: ReadonlySet<string> = new Set();
const LOW_RISK: DestinationRules = { ...ANY_COUNTRY, countries: new Set(LOW_RISK_COUNTRIES) };
const problemOf = (
  number: string,
  rules: DestinationRules = LOW_RISK,
  home: ReadonlySet<string> = NOWHERE,
): string | null => destinationProblem(number as E164, rules, home);

const digits = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''));

describe('a destination', () => {
  it.each([
    ['+15550001001', 'of the quick start'],
    ['+14155550100', 'for fiction'],
    ['+447700900123', 'for drama'],
    ['+336100057394', 'that its plan does not have'],
    ['+14156667777', 'that is an ordinary one'],
    ['+18005551212', 'that is free to call'],
    ['+447911123456', 'of a mobile'],
  ])('%s, a number %s, may be called', (number) => {
    expect(problemOf(number)).toBeNull();
  });

  it.each([
    ['+19005551234', 'premium-rate'],
    ['+449098790879', 'premium-rate'],
    ['+4990012345678', null],
    ['+491900123456', null],
    ['+499001234567', 'premium-rate'],
    ['+448431234567', 'premium-rate'],
    ['+491801234567', 'shared-cost'],
    ['+445612345678', null],
    ['+443301234567', 'universal-access'],
    ['+447012345678', 'personal-number'],
    ['+881612345678', 'network'],
    ['+88212345678', 'network'],
    ['+883510012345', 'network'],
    ['+870773123456', 'network'],
    ['+979123456789', 'network'],
    ['+80812345678', 'network'],
    ['+49116117', 'short-number'],
    ['+1876123', 'short-number'],
    ['+18765551234', 'country'],
    ['+5355512345', 'country'],
    ['+9991234567', 'country'],
    ['+80012345678', 'country'],
  ])('%s: %s', (number, problem) => {
    expect(problemOf(number)).toBe(problem);
  });

  it.each([
    '+19111234567',
    '+14111234567',
    '+34112345678',
    '+44999123456',
    '+8611012345678',
    '+4911212345678',
  ])('%s would lead to an emergency service where its calling code is taken off', (number) => {
    expect(problemOf(number)).toBe('emergency');
    expect(problemOf(number, { ...ANY_COUNTRY, allowedPrefixes: [number.slice(1, 3)] })).toBe('emergency');
  });

  it('of a kind that is blocked stays so in every country', () => {
    for (const number of ['+19005551234', '+881612345678', '+447012345678']) {
      expect(problemOf(number, ANY_COUNTRY)).not.toBeNull();
    }
    expect(problemOf('+5355512345', ANY_COUNTRY)).toBeNull();
    expect(problemOf('+9991234567', ANY_COUNTRY)).toBeNull();
  });

  it('at home may be called', () => {
    const home = new Set(homeCountriesOf('+18765550000' as E164, 'JM'));
    expect(problemOf('+18765551234', LOW_RISK, home)).toBeNull();
    expect(problemOf('+18765551234', { ...LOW_RISK, home: false }, home)).toBe('country');
    expect(problemOf('+18095551234', LOW_RISK, home)).toBe('country');
  });

  it('counts as any country of its calling code while no plan has it', () => {
    const strict: DestinationRules = { ...ANY_COUNTRY, countries: new Set() };
    const home = new Set(homeCountriesOf('+15550009001' as E164, ''));
    expect(home).toContain('US');
    expect(problemOf('+15550001001', strict, home)).toBeNull();
    expect(problemOf('+447911123456', strict, home)).toBe('country');
  });

  it('goes by the longest prefix of the lists', () => {
    const rules = { ...LOW_RISK, blockedPrefixes: ['4479', '1'], allowedPrefixes: ['44791', '53', '1'] };
    expect(problemOf('+447921123456', rules)).toBe('prefix');
    expect(problemOf('+447911123456', rules)).toBeNull();
    expect(problemOf('+5355512345', rules)).toBeNull();
    // Of two equal ones the block counts.
    expect(problemOf('+14155550100', rules)).toBe('prefix');
    expect(problemOf('+447012345678', { ...LOW_RISK, allowedPrefixes: ['4470'] })).toBeNull();
  });

  it('that is a mobile of an allowed country may be called, in every country', () => {
    for (const country of getCountries()) {
      const example = getExampleNumber(country, examples);
      if (example === undefined) continue;
      // A country's example may as well be one of the country whose plan it shares.
      const rules = { ...ANY_COUNTRY, countries: new Set([countryOf(example.number as E164)]) };
      expect([country, problemOf(example.number, rules)]).toEqual([country, null]);
      expect([country, problemOf(example.number, { ...rules, countries: new Set() })]).toEqual([
        country,
        'country',
      ]);
    }
  });

  it('is judged whatever its digits are, and blocked by a prefix of its own', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 7, max: 15 }).chain(digits),
        fc.integer({ min: 1, max: 7 }),
        (all, length) => {
          const number = `+${all.replace(/^0/, '1')}`;
          const blocked = { ...ANY_COUNTRY, blockedPrefixes: [number.slice(1, 1 + length)] };
          expect(['prefix', 'emergency', 'short-number']).toContain(problemOf(number, blocked));
          // Countries only take away.
          const anywhere = problemOf(number, ANY_COUNTRY);
          if (anywhere !== null) expect(problemOf(number)).toBe(anywhere);
        },
      ),
    );
  });

  it('of NANP with 555 as its area is never blocked: nobody has it', () => {
    fc.assert(
      fc.property(digits(7), (rest) => {
        expect(problemOf(`+1555${rest}`)).toBeNull();
      }),
    );
  });
});

/** Emergency numbers, and a few short codes, of many countries. */
const SHORT = [
  ...[
    '110',
    '111',
    '112',
    '113',
    '115',
    '117',
    '118',
    '119',
    '120',
    '122',
    '123',
    '133',
    '144',
    '15',
    '155',
    '158',
  ],
  ...[
    '166',
    '17',
    '18',
    '190',
    '191',
    '192',
    '193',
    '199',
    '911',
    '933',
    '999',
    '000',
    '061',
    '080',
    '091',
    '0112',
  ],
  ...[
    '00112',
    '0911',
    '995',
    '997',
    '998',
    '100',
    '101',
    '102',
    '103',
    '104',
    '105',
    '106',
    '107',
    '108',
    '1122',
  ],
];

describe('an emergency number', () => {
  it.each(['', ...getCountries()])('is no phone number where the country is %s', (country) => {
    for (const number of SHORT) expect(parseE164(number, country as CountryCode)).toBeNull();
  });
});
