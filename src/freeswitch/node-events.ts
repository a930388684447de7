import type { EndedLeg, LegMoment, UnmarkedLeg } from '../calls/node-link.js';
import { legFromEvent, legOf, unmarkedLegFromEvent } from './leg-record.js';
import { eventValue, valueInText, type EslEvent } from './event.js';

export type { NodeLinkEvents as NodeEvents } from '../calls/node-link.js';

type LegMomentName = 'leg-ringing' | 'leg-answered' | 'leg-bridged';

export type NodeEvent =
  | { readonly name: LegMomentName; readonly moment: LegMoment }
  | { readonly name: 'leg-ended'; readonly ended: EndedLeg }
  | { readonly name: 'unmarked-leg-ended'; readonly leg: UnmarkedLeg }
  | { readonly name: 'draining' };

const MOMENTS: Readonly<Partial<Record<string, LegMomentName>>> = {
  CHANNEL_PROGRESS: 'leg-ringing',
  // A phone that rings with 183 and SDP gives this and no CHANNEL_PROGRESS.
  CHANNEL_PROGRESS_MEDIA: 'leg-ringing',
  CHANNEL_ANSWER: 'leg-answered',
  CHANNEL_BRIDGE: 'leg-bridged',
};

/** Every event of the event connection; each one more costs FreeSWITCH milliseconds of CPU per call. */
export const EVENT_SUBSCRIPTION = [
  ...Object.keys(MOMENTS),
  'CHANNEL_HANGUP_COMPLETE',
  'HEARTBEAT',
  'SHUTDOWN_REQUESTED',
];

/** What the command connection needs: the results of its background jobs, and a sign of life. */
export const COMMAND_SUBSCRIPTION = ['BACKGROUND_JOB', 'HEARTBEAT'];

/**
 * Whether an event, as it came, tells nothing new: the end of a leg that is known, mostly by its CDR, which FreeSWITCH
 * posts first. It is the largest of all events.
 */
export function isKnownEnd(text: string, isKnown: (uuid: string) => boolean): boolean {
  if (valueInText(text, 'Event-Name') !== 'CHANNEL_HANGUP_COMPLETE') return false;
  const uuid = valueInText(text, 'Unique-ID');
  return uuid !== '' && isKnown(uuid);
}

/** What an Event Socket event means to us, or null. */
export function nodeEventOf(event: EslEvent): NodeEvent | null {
  const eventName = eventValue(event, 'Event-Name');
  if (eventName === 'CHANNEL_HANGUP_COMPLETE') {
    const ended = legFromEvent(event);
    if (ended !== null) return { name: 'leg-ended', ended };
    const leg = unmarkedLegFromEvent(event);
    return leg === null ? null : { name: 'unmarked-leg-ended', leg };
  }
  if (eventName === 'SHUTDOWN_REQUESTED') return { name: 'draining' };
  const name = MOMENTS[eventName];
  if (name === undefined) return null;
  const leg = legOf(event);
  // Microseconds since the epoch (switch_event.c, switch_event_prep_for_delivery_detailed).
  const at = Math.floor(Number(eventValue(event, 'Event-Date-Timestamp')) / 1000);
  return leg === null || !Number.isFinite(at) ? null : { name, moment: { ...leg, at } };
}
