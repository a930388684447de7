import { callingCodeOf, countryOf, type E164 } from './phone-number.js';

/** A virtual number that a new session could have, as far as is known before it is claimed. */
export interface AllocationCandidate {
  readonly number: E164;
  /** ISO 3166-1 alpha-2, or "" when the numbering plan does not tell. */
  readonly country: string;
  /** Such as `44`, or "" when no plan has it. */
  readonly callingCode: string;
  readonly enabled: boolean;
  /** Auth id of the subaccount that it belongs to, or "". */
  readonly subaccount: string;
  /** Live PINs of the lengths that the session needs; 0 for a session without PINs. */
  readonly livePins: number;
  /** When the person was last given this number, or null. Milliseconds since the epoch, as all instants here. */
  readonly lastUsedByFirst: number | null;
  readonly lastUsedBySecond: number | null;
  /** The number is kept from the person until then (a session of theirs, then its cool-off), or null. */
  readonly coolingUntilForFirst: number | null;
  readonly coolingUntilForSecond: number | null;
}

export interface AllocationRequest {
  /** Null for the missing party of a single-party session. */
  readonly firstParty: E164 | null;
  readonly secondParty: E164 | null;
  /** The number's country must be the first party's, or that of the only party. */
  readonly geomatch: boolean;
  /** The subaccount whose numbers alone qualify; "" for numbers that belong to none. */
  readonly subaccount: string;
  /** The session asks for PINs. */
  readonly pinSession: boolean;
  readonly now: number;
}

/**
 * The numbers to try for a session, best first (design.md, "Redis", number choice).
 *
 * Pure advice: the claim decides. PIN sessions go where the fewest live PINs are, because a guess
 * succeeds in proportion to them. Otherwise the number comes first that neither person has used for
 * the longest time, and of equals the smallest: so persons who are new share few numbers, and the
 * others stay free for those who hold several sessions.
 */
export function allocate(request: AllocationRequest, candidates: readonly AllocationCandidate[]): E164[] {
  const guide = request.geomatch ? (request.firstParty ?? request.secondParty) : null;
  const country = guide === null ? '' : countryOf(guide);
  const callingCode = guide === null ? '' : callingCodeOf(guide);
  return candidates
    .filter(
      (candidate) =>
        candidate.enabled &&
        candidate.subaccount === request.subaccount &&
        candidate.number !== request.firstParty &&
        candidate.number !== request.secondParty &&
        isOver(candidate.coolingUntilForFirst, request.now) &&
        isOver(candidate.coolingUntilForSecond, request.now) &&
        (!request.geomatch || isOfCountry(candidate, country, callingCode)),
    )
    .sort(
      (a, b) =>
        (request.pinSession ? a.livePins - b.livePins : 0) ||
        lastUsed(a) - lastUsed(b) ||
        (a.number < b.number ? -1 : 1),
    )
    .map((candidate) => candidate.number);
}

/** Same country; same calling code when one of the two countries cannot be told (+1 555 000 1001). */
export function isOfCountry(
  candidate: Pick<AllocationCandidate, 'country' | 'callingCode'>,
  country: string,
  callingCode: string,
): boolean {
  if (candidate.country !== '' && country !== '') return candidate.country === country;
  return callingCode !== '' && candidate.callingCode === callingCode;
}

function isOver(until: number | null, now: number): boolean {
  return until === null || now >= until;
}

function lastUsed(candidate: AllocationCandidate): number {
  return Math.max(candidate.lastUsedByFirst ?? 0, candidate.lastUsedBySecond ?? 0);
}
