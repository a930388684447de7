import { describe, expect, it } from 'vitest';

import { hrefOf, routeOf } from '../../../console/src/state/address.js';

describe('an address', () => {
  it('names a page, a thing there, and filters', () => {
    const { page, id, params } = routeOf('#/calls/a%2Fb?to=%2B15550001000');
    expect([page, id, params.get('to')]).toEqual(['calls', 'a/b', '+15550001000']);
  });

  it.each(['', '#', '#/nowhere/x', '#main'])('%s leads to the overview', (hash) => {
    expect(routeOf(hash)).toMatchObject({ page: 'overview', id: '' });
  });

  it('that is broken names nothing', () => expect(routeOf('#/calls/%E0%A4%A').id).toBe(''));

  it('is read as it is made', () => {
    const { page, id, params } = routeOf(hrefOf('sessions', 'x y', { find: '+1 & 2', by: '' }));
    expect([page, id, [...params]]).toEqual(['sessions', 'x y', [['find', '+1 & 2']]]);
  });
});
