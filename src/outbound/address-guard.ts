import ipaddr from 'ipaddr.js';
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

import { AddressRefusedError } from './errors.js';

/** Resolves a host to all of its addresses. */
export type ResolveHost = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

const resolveBySystem: ResolveHost = (hostname, callback) => systemLookup(hostname, { all: true }, callback);

/**
 * Decides which addresses may be reached: those of the public Internet, and the CIDR blocks (or
 * addresses) that the operator allows. Loopback, private, link-local, multicast, shared, documentation,
 * translated and reserved addresses are refused, in IPv4, IPv6, and IPv4 inside IPv6.
 */
export class AddressGuard {
  readonly #allowed: readonly Range[];
  readonly #resolve: ResolveHost;
  /** Look-ups under way, and who waits for each. */
  readonly #lookups = new Map<string, Parameters<ResolveHost>[1][]>();

  /** Throws an Error of ipaddr.js when an entry is neither an address nor a CIDR block. */
  constructor(allowed: readonly string[], resolve: ResolveHost = resolveBySystem) {
    this.#allowed = allowed.map((entry) => {
      if (entry.includes('/')) return ipaddr.parseCIDR(entry);
      const address = ipaddr.parse(entry);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    });
    this.#resolve = resolve;
  }

  permits(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    // An IPv4 address inside IPv6 (::ffff:10.0.0.1) is judged as the IPv4 address.
    const parsed = ipaddr.process(address);
    if (this.#allowed.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits))) {
      return true;
    }
    if (parsed.range() !== 'unicast') return false;
    // Global unicast is 2000::/3 (RFC 4291, 2.4 and IANA's registry); the rest is nobody's.
    return parsed.kind() === 'ipv4' || parsed.match(ipaddr.parse('2000::'), 3);
  }

  /**
   * Connects for undici. The addresses that a name has at this moment are the ones that are checked
   * and connected to, so a name cannot change in between; the socket's far end is checked once more.
   */
  connector(timeout: number): buildConnector.connector {
    const connect = buildConnector({ timeout, lookup: this.#lookup });
    return (options, callback) => {
      const host = options.hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(host) !== 0 && !this.permits(host)) {
        callback(refusal(), null);
        return;
      }
      connect(options, (...[error, socket]) => {
        if (error !== null) {
          callback(error, null);
        } else if (this.permits(socket.remoteAddress ?? '')) {
          callback(null, socket);
        } else {
          socket.destroy();
          callback(refusal(), null);
        }
      });
    };
  }

  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    this.#addressesOf(hostname, (error, addresses) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const permitted = addresses.filter(({ address }) => this.permits(address));
      const [first] = permitted;
      if (first === undefined) callback(refusal(), '');
      else if (options.all === true) callback(null, permitted);
      else callback(null, first.address, first.family);
    });
  };

  /**
   * The system's look-ups share a few threads, and cannot be taken back. One name whose servers do not
   * answer would hold all of them, and everybody else's, if each connection to it looked it up: those who
   * come while a look-up is under way share it. Nothing is kept once it is over.
   */
  #addressesOf(hostname: string, callback: Parameters<ResolveHost>[1]): void {
    const others = this.#lookups.get(hostname);
    if (others !== undefined) {
      others.push(callback);
      return;
    }
    const waiting = [callback];
    this.#lookups.set(hostname, waiting);
    this.#resolve(hostname, (error, addresses) => {
      this.#lookups.delete(hostname);
      for (const each of waiting) each(error, addresses);
    });
  }
}

function refusal(): AddressRefusedError {
  return new AddressRefusedError('the address is not one that may be reached');
}
