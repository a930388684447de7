import type { VirtualNumber } from './virtual-number.js';

/** What an update of a virtual number changes; what it does not name stays. */
export type NumberChange = Partial<
  Pick<VirtualNumber, 'alias' | 'country' | 'enabled' | 'subaccount' | 'trunk'>
>;
