import ipaddr from 'ipaddr.js';

/** A list of addresses and CIDR blocks, IPv4 and IPv6. */
export class AddressList {
  readonly #ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

  /** @throws RangeError naming the entry that is neither an address nor a CIDR block. */
  constructor(entries: readonly string[]) {
    this.#ranges = entries.map((entry) => {
      try {
        if (entry.includes('/')) return ipaddr.parseCIDR(entry);
        const address = ipaddr.parse(entry);
        return [address, address.kind() === 'ipv4' ? 32 : 128];
      } catch (cause) {
        throw new RangeError(`${entry} is neither an address nor a CIDR block`, { cause });
      }
    });
  }

  /** An IPv4 address that came as an IPv6-mapped one (dual-stack listeners do that) is matched as IPv4. */
  includes(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const peer = ipaddr.process(address);
    return this.#ranges.some(([range, bits]) => peer.kind() === range.kind() && peer.match(range, bits));
  }
}
