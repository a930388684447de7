import { describe, expect, it } from 'vitest';
import { AddressList } from '../../src/address-list.js';

describe('address list', () => {
  const list = new AddressList(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1']);

  it.each(['10.255.0.1', '192.0.2.7', '::ffff:192.0.2.7', '2001:db8::5', '::1'])('includes %s', (address) => {
    expect(list.includes(address)).toBe(true);
  });

  it.each(['11.0.0.1', '192.0.2.8', '::ffff:192.0.2.8', '2001:db9::5', '::2', '', 'x'])(
    'does not include %s',
    (address) => {
      expect(list.includes(address)).toBe(false);
    },
  );

  it.each(['10.0.0.0/33', 'localhost', ''])('%j is no entry', (entry) => {
    expect(() => new AddressList([entry])).toThrow(RangeError);
  });
});
