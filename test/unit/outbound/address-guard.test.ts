import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { AddressGuard, type ResolveHost } from '../../../src/outbound/address-guard.js';

const REFUSED = [
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'shared'],
  ['127.0.0.1', 'loopback'],
  ['127.8.8.8', 'loopback'],
  ['169.254.169.254', 'link-local, metadata'],
  ['172.16.0.1', 'private'],
  ['192.0.2.1', 'documentation'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'benchmarks'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::127.0.0.1', 'IPv4-compatible'],
  ['::ffff:10.0.0.1', 'IPv4-mapped private'],
  ['64:ff9b::7f00:1', 'translated'],
  ['2001:0:1::1', 'Teredo'],
  ['2001:db8::1', 'documentation'],
  ['2002:7f00:1::', '6to4'],
  ['fc00::1', 'unique local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local with a zone'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['4000::1', 'unassigned'],
  ['', 'nothing'],
  ['localhost', 'a name'],
] as const;

describe('AddressGuard', () => {
  it.each(REFUSED)('refuses %s (%s)', (address) => {
    expect(new AddressGuard([]).permits(address)).toBe(false);
  });

  it.each(['8.8.8.8', '::ffff:8.8.8.8', '2606:4700:4700::1111'])('permits %s', (address) => {
    expect(new AddressGuard([]).permits(address)).toBe(true);
  });

  it('permits what the operator allows, and no more', () => {
    const guard = new AddressGuard(['10.1.0.0/16', 'fd00::/8', '192.168.7.7']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', '192.168.7.7']) {
      expect(guard.permits(address)).toBe(true);
    }
    for (const address of ['10.2.0.1', 'fc00::1', '192.168.7.8', '127.0.0.1']) {
      expect(guard.permits(address)).toBe(false);
    }
  });

  it('refuses an entry that is no address', () => {
    expect(() => new AddressGuard(['intranet'])).toThrow();
  });

  it('looks a name up once for all who connect at that moment, and again for who comes later', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    const asked: Parameters<ResolveHost>[1][] = [];
    const guard = new AddressGuard(['127.0.0.1'], (_host, answer) => asked.push(answer));
    const connect = promisify(guard.connector(5_000));
    const target = { hostname: 'receiver.test', protocol: 'http:', port };
    const answer = (address: string): void => asked.pop()?.(null, [{ address, family: 4 }]);

    const together = [connect(target), connect(target), connect(target)];
    expect(asked).toHaveLength(1);
    answer('127.0.0.1');
    for (const socket of await Promise.all(together)) socket?.destroy();

    const later = connect(target);
    expect(asked).toHaveLength(1);
    answer('10.0.0.1');
    await expect(later).rejects.toMatchObject({ code: 'ERR_ADDRESS_REFUSED' });
    server.close();
    await once(server, 'close');
  });
});
