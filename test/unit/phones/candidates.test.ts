import { expect, it } from 'vitest';

import { withAddress } from '../../../phones/candidates.js';

const HIDDEN =
  'a=candidate:1 1 udp 2122260223 0d2f3c8e-1111-4c4e-9999-0123456789ab.local 50001 typ host generation 0';
const SHOWN = 'a=candidate:2 1 udp 2122260223 192.0.2.9 50002 typ host generation 0';

it('puts the address that FreeSWITCH sees in the place of a hidden one, and changes nothing else', () => {
  const sdp = `m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n${HIDDEN}\r\n${SHOWN}\r\na=mid:0\r\n`;
  expect(withAddress(sdp, '198.51.100.4')).toBe(
    sdp.replace('0d2f3c8e-1111-4c4e-9999-0123456789ab.local', '198.51.100.4'),
  );
});

it('leaves everything as it is while that address is not known', () => {
  expect(withAddress(HIDDEN, '')).toBe(HIDDEN);
});
