import type { E164 } from './phone-number.js';
import type { MaskingSession, Party, SessionSettings } from './session.js';

/** Settings that a live session's client may change. */
export type ChangeableSetting =
  | 'sessionExpiry'
  | 'callTimeLimit'
  | 'ringTimeout'
  | 'callbackUrl'
  | 'callbackMethod'
  | 'record'
  | 'recordFileFormat'
  | 'recordingCallbackUrl'
  | 'recordingCallbackMethod'
  | 'firstPartyPlayUrl'
  | 'secondPartyPlayUrl';

/**
 * What an update changes; what it does not name stays. `sessionExpiry` (seconds) counts from the time of
 * the update. A party can be given only where a single-party session lacks it.
 */
export type SessionChange = Partial<Pick<SessionSettings, ChangeableSetting>> & {
  readonly firstParty?: E164;
  readonly secondParty?: E164;
};

/** Parties that the change gives and the session has otherwise: these cannot be changed. */
export function fixedParties(
  session: Pick<MaskingSession, 'firstParty' | 'secondParty'>,
  change: SessionChange,
): Party[] {
  const differs = (given: E164 | undefined, present: E164 | null): boolean =>
    given !== undefined && present !== null && given !== present;
  return [
    ...(differs(change.firstParty, session.firstParty) ? ['first' as const] : []),
    ...(differs(change.secondParty, session.secondParty) ? ['second' as const] : []),
  ];
}

/**
 * The session with the change at `now` (milliseconds since the epoch). With a new `sessionExpiry` it ends
 * that many seconds after `now`; without one its end stays.
 */
export function changed<
  T extends Pick<MaskingSession, 'settings' | 'firstParty' | 'secondParty' | 'expiresAt'>,
>(session: T, { firstParty, secondParty, ...settings }: SessionChange, now: number): T {
  return {
    ...session,
    firstParty: firstParty ?? session.firstParty,
    secondParty: secondParty ?? session.secondParty,
    settings: { ...session.settings, ...settings },
    modifiedAt: now,
    expiresAt: settings.sessionExpiry === undefined ? session.expiresAt : now + settings.sessionExpiry * 1000,
  };
}
