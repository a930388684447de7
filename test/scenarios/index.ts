import { explained } from './cases/explained.js';
import { enforced } from './cases/enforced.js';
import { originated } from './cases/originated.js';
import { pin } from './cases/pin.js';
import { privacy } from './cases/privacy.js';
import { refused } from './cases/refused.js';
import { registered } from './cases/registered.js';
import { singleParty } from './cases/single-party.js';
import { malformed, unrouted } from './cases/unrouted.js';
import { unreached } from './cases/unreached.js';
import type { Scenario } from './scenario.js';

export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  'a registered caller': registered,
  'a PIN': pin,
  'a session with a single party': singleParty,
  'no session to go to': unrouted,
  'a malformed caller': malformed,
  'a party that is not reached': unreached,
  'a call that may not be': refused,
  'what FreeSWITCH enforces': enforced,
  'a call that we start': originated,
  'a call that is explained': explained,
  'caller-ID privacy': privacy,
};
