import type { LegRole } from './interaction.js';
import type { E164 } from './phone-number.js';
import type { Recording } from './recording.js';
import type { Party } from './session.js';

/**
 * What happens to a session that its receivers may want to know, as the scripts of the store emit it.
 * `pin-authorized` is a known caller of a session that asks others for a PIN; `recording-ended` is told
 * once it is known what became of the recording of an interaction, seconds after its end.
 */
export const SESSION_EVENT_KINDS = [
  'pin-authorized',
  'pin-success',
  'pin-failed',
  'ring',
  'answer',
  'hangup',
  'parties-hangup',
  'timeout',
  'recording-started',
  'recording-ended',
] as const;

export type SessionEventKind = (typeof SESSION_EVENT_KINDS)[number];

export function isSessionEventKind(text: string): text is SessionEventKind {
  return (SESSION_EVENT_KINDS as readonly string[]).includes(text);
}

/** Data of `pin-success` and `pin-failed`: the interaction, if there will be one, has not begun. */
export interface PinEventData {
  /** Null when the caller withheld its number. */
  readonly from: E164 | null;
  /** Attempts before this one. */
  readonly retry: number;
}

/** Data of `recording-ended`. */
export type RecordingEventData = Pick<
  Recording,
  'state' | 'problem' | 'startedAt' | 'endedAt' | 'durationMs'
>;

/** Data of `ring` and `answer`. That of `hangup` is the leg's record. */
export interface LegEventData {
  readonly role: LegRole;
  readonly party: Party;
}
