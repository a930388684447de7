import { describe, expect, it } from 'vitest';

import { callLimitsOf, destinationRulesOf, LIMIT_VARIABLES } from '../../../src/config-limits.js';
import { LOW_RISK_COUNTRIES } from '../../../src/masking/destinations.js';
import { z } from 'zod';

const SCHEMA = z.object(LIMIT_VARIABLES);
const rules = (env: Record<string, string>, defaultCountry = '') =>
  destinationRulesOf(SCHEMA.parse(env), defaultCountry);
const problemWith = (env: Record<string, string>): string =>
  SCHEMA.safeParse(env).error?.issues.map(({ path, message }) => `${String(path[0])} ${message}`)[0] ?? '';

describe('destinations', () => {
  it('are at home and in low-risk countries unless an operator says otherwise', () => {
    expect(rules({})).toEqual({
      countries: new Set(LOW_RISK_COUNTRIES),
      home: true,
      blockedPrefixes: [],
      allowedPrefixes: [],
    });
  });

  it.each([
    ['all', null, true],
    ['home', ['BR'], true],
    ['GB, IE', ['GB', 'IE'], false],
    ['home,CU', ['CU', 'BR'], true],
  ])('%s', (text, countries, home) => {
    const read = rules({ ALLOWED_COUNTRIES: text }, 'BR');
    expect(read.countries).toEqual(countries === null ? null : new Set(countries));
    expect(read.home).toBe(home);
  });

  it('have prefixes with or without +', () => {
    const read = rules({ BLOCKED_PREFIXES: '+4490, 1900', ALLOWED_PREFIXES: '+88299' });
    expect(read).toMatchObject({ blockedPrefixes: ['4490', '1900'], allowedPrefixes: ['88299'] });
  });

  it.each([
    [{ ALLOWED_COUNTRIES: 'UK' }, 'ALLOWED_COUNTRIES has an entry that is no country'],
    [{ ALLOWED_COUNTRIES: 'gb' }, 'ALLOWED_COUNTRIES has an entry that is no country'],
    [{ ALLOWED_COUNTRIES: 'all,GB' }, 'ALLOWED_COUNTRIES has entries beside all'],
    [{ ALLOWED_COUNTRIES: ',' }, 'ALLOWED_COUNTRIES names no country'],
    [{ BLOCKED_PREFIXES: '+44,x' }, 'BLOCKED_PREFIXES has an entry that is no prefix'],
    [{ ALLOWED_PREFIXES: '00441' }, 'ALLOWED_PREFIXES has an entry that is no prefix'],
    [{ MAX_CALLS_PER_NUMBER: '-1' }, 'MAX_CALLS_PER_NUMBER must be a whole number'],
    [{ CALL_RATE_PER_SESSION: '0.5' }, 'CALL_RATE_PER_SESSION must be a whole number'],
  ])('%j is refused', (env, message) => {
    expect(problemWith(env)).toContain(message);
  });
});

describe('limits', () => {
  it('have defaults for what a flood uses, and none where a figure would be a guess', () => {
    expect(callLimitsOf(SCHEMA.parse({}))).toEqual({
      MAX_CALLS_PER_NUMBER: 500,
      MAX_CALLS_PER_SUBACCOUNT: 200,
      MAX_CALLS_PER_NODE: 0,
      MAX_CALLS_TOTAL: 0,
      CALL_RATE_PER_SESSION: 2,
      CALL_RATE_PER_NUMBER: 100,
      CALL_RATE_PER_SUBACCOUNT: 50,
      CALL_RATE_PER_NODE: 0,
      CALL_RATE_TOTAL: 0,
      DAILY_MINUTES_PER_SUBACCOUNT: 0,
      DAILY_MINUTES_TOTAL: 0,
    });
  });

  it('are each read from the variable of their name', () => {
    const names = Object.keys(callLimitsOf(SCHEMA.parse({})));
    const env = Object.fromEntries(names.map((name, index) => [name, String(index + 1)]));
    expect(callLimitsOf(SCHEMA.parse(env))).toEqual(
      Object.fromEntries(names.map((name, index) => [name, index + 1])),
    );
  });
});
