import { isOfCountry, type AllocationCandidate, type AllocationRequest } from './allocate.js';
import { callingCodeOf, countryOf } from './phone-number.js';

/**
 * The numbers that a session may have: those of one owner and one scope. The scope is a country (ISO 3166-1 alpha-2), a
 * calling code (such as `+1`) for people whose number does not tell the country, or `*` for numbers of all countries.
 */
export interface PoolName {
  /** Auth id of the subaccount, or "". */
  readonly subaccount: string;
  readonly scope: string;
}

export const ANY_SCOPE = '*';

/** The pool that such a session chooses from. */
export function poolOf(
  request: Pick<AllocationRequest, 'firstParty' | 'secondParty' | 'geomatch' | 'subaccount'>,
): PoolName {
  const { subaccount } = request;
  const guide = request.firstParty ?? request.secondParty;
  if (!request.geomatch || guide === null) return { subaccount, scope: ANY_SCOPE };
  const country = countryOf(guide);
  return { subaccount, scope: country === '' ? `+${callingCodeOf(guide)}` : country };
}

/** Whether a number is one of the pool. `callingCode` is that of the pool's country, "" when not known. */
export function isInPool(
  candidate: Pick<AllocationCandidate, 'country' | 'callingCode' | 'enabled' | 'subaccount'>,
  { subaccount, scope }: PoolName,
  callingCode: string,
): boolean {
  if (!candidate.enabled || candidate.subaccount !== subaccount) return false;
  if (scope === ANY_SCOPE) return true;
  return scope.startsWith('+')
    ? isOfCountry(candidate, '', scope.slice(1))
    : isOfCountry(candidate, scope, callingCode);
}

/** What a create came upon. */
export interface PoolLook {
  /** Numbers of its pool that its persons have in sessions or in cool-off, and it could not have. */
  readonly held: number;
  /** PINs of its length that lived on the number that it got; null without PINs, or without a number. */
  readonly livePins: number | null;
}

/** Levels up to here are counted one by one, those above in classes of a thirty-second. */
const EXACT = 64;

/** The class of a level, by the least level in it. */
export function levelClass(level: number): number {
  if (level < EXACT) return Math.floor(level);
  const step = 2 ** (Math.floor(Math.log2(level)) - 5);
  return Math.floor(level / step) * step;
}
