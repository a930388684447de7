import { describe, expect, it } from 'vitest';

import { failuresIn, rulesOf } from '../../../src/callbacks/delivery-rules.js';

const DEFAULTS = { retries: 1, retryOn: ['ct', 'rt'] } as const;

const rules = (fragment: string): Record<string, unknown> => ({
  ...rulesOf(`https://client.example/hook?a=b${fragment}`, DEFAULTS),
});

const PLIVOS = {
  connectTimeout: 2_000,
  readTimeout: 40_000,
  totalTimeout: 55_000,
  retries: 1,
  retryOn: new Set(['ct', 'rt']),
};

describe('the rules of a URL', () => {
  it("are Plivo's where it says nothing", () => {
    for (const fragment of ['', '#', '#section', '#er=us-east&xx=1']) expect(rules(fragment)).toEqual(PLIVOS);
  });

  it('are what its fragment says', () => {
    expect(rules('#ct=100&rt=40000&tt=55000&rc=5&rp=4xx,5xx')).toEqual({
      connectTimeout: 100,
      readTimeout: 40_000,
      totalTimeout: 55_000,
      retries: 5,
      retryOn: new Set(['4xx', '5xx']),
    });
    expect(rules('#rc=0')['retries']).toBe(0);
    expect(rules('#rp=all')['retryOn']).toEqual(new Set(['ct', 'rt', '4xx', '5xx', 'other']));
  });

  it.each([
    '#ct=99',
    '#ct=10001',
    '#rt=99',
    '#rt=40001',
    '#tt=99',
    '#tt=55001',
    '#rc=6',
    '#rc=-1',
    '#ct=1e3',
    '#rp=often',
    '#rp=',
  ])('take no notice of %s', (fragment) => {
    expect(rules(fragment)).toEqual(PLIVOS);
  });

  it('take no notice of a fragment with a second #', () => {
    expect(rules('#rc=3#rc=4')['retries']).toBe(1);
  });
});

describe('a list of failures', () => {
  it.each([
    ['ct,rt', ['ct', 'rt']],
    [' 5XX , ct', ['ct', '5xx']],
    ['ct,all', ['ct', 'rt', '4xx', '5xx', 'other']],
    ['other', null],
    ['', null],
  ])('%s', (list, expected) => {
    expect(failuresIn(list)).toEqual(expected);
  });
});
