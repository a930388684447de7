/** A host candidate whose address the browser hides behind a name (RFC 8829 does not know it; draft-ietf-mmusic-mdns-ice-candidates). */
const HIDDEN = /^(a=candidate:\S+ \d+ \S+ \d+ )\S+\.local( )/gim;

/**
 * `sdp` with `address` in the place of names that only this browser's own network could resolve. Browsers
 * hide their addresses from pages that do not use the microphone, and FreeSWITCH looks no name up.
 * `address` is what FreeSWITCH sees us at, or "" when that is not known.
 */
export function withAddress(sdp: string, address: string): string {
  return address === '' ? sdp : sdp.replace(HIDDEN, `$1${address}$2`);
}
