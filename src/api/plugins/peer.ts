import ipaddr from 'ipaddr.js';

/** Bits of an IPv6 address that one customer of a provider has at least. */
const IPV6_PREFIX = 64;

/** A client mostly sends many requests in a row. */
let last = { address: '', peer: 'unknown' };

/**
 * What an address is counted as: itself for IPv4, also when it came IPv6-mapped, and its /64 for IPv6, where
 * one machine has as many addresses as it likes.
 */
export function peerOf(address: string): string {
  if (address !== last.address) last = { address, peer: parsedPeer(address) };
  return last.peer;
}

function parsedPeer(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const prefix = parsed.toByteArray().map((byte, index) => (index < IPV6_PREFIX / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(prefix).toString()}/${IPV6_PREFIX}`;
}
