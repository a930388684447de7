import { printAmount, sumOf, type Bill } from '../masking/billing.js';
import { hangupOf } from '../masking/hangup-cause.js';
import type { Interaction, LegRecord } from '../masking/interaction.js';
import { digitsOf, type E164 } from '../masking/phone-number.js';
import type { MaskingSession, RecordFormat } from '../masking/session.js';
import type {
  LegEventData,
  PinEventData,
  RecordingEventData,
  SessionEventKind,
} from '../masking/session-event.js';
import { timestamp } from '../masking/timestamp.js';

/** What is told, in the order in which it is sent. */
export type Parameters = readonly (readonly [name: string, value: string])[];

/** Something that happened, with what is known of where it did. */
export interface SessionEvent {
  readonly kind: SessionEventKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly sequence: number;
  /** As the scripts emit it: see SessionEventKind. */
  readonly data: string;
  readonly session: MaskingSession;
  /** Null before one began. */
  readonly interaction: Interaction | null;
}

/** What the payloads need beside the event. */
export interface PayloadContext {
  /** Where the API shows a recording, and where its audio is. */
  recordingUrls(recording: {
    readonly accountId: string;
    readonly id: string;
    readonly format: RecordFormat;
  }): { readonly resource: string; readonly media: string };
}

/** Which of a session's two receivers hears of a kind of event. */
export function receiverOf(kind: SessionEventKind): 'status' | 'recording' {
  return kind === 'recording-started' || kind === 'recording-ended' ? 'recording' : 'status';
}

/**
 * The parameters of one callback. Every event has every field of its kind, "" where it has nothing to say
 * (docs/callbacks.md). Numbers are digits without `+`, as in the API's session objects.
 */
export function parametersOf(event: SessionEvent, context: PayloadContext): Parameters {
  return receiverOf(event.kind) === 'status' ? statusParameters(event) : recordingParameters(event, context);
}

/** What an end says. */
interface End {
  readonly bill: Bill;
  /** Whole seconds from answers to ends. */
  readonly duration: number;
  /** The leg whose cause is told; null when none is known. */
  readonly leg: LegRecord | null;
}

function statusParameters(event: SessionEvent): Parameters {
  const { kind, data } = event;
  const pin = kind === 'pin-success' || kind === 'pin-failed' ? (JSON.parse(data) as PinEventData) : null;
  const end = kind === 'hangup' || kind === 'parties-hangup' ? endOf(event) : null;
  const hangup = end?.leg == null ? null : hangupOf(end.leg);
  return [
    ['EventName', nameOf(event)],
    ['EventTimestamp', timestamp(event.at)],
    ['SessionUUID', event.session.id],
    ['From', pin === null ? callerOf(event.interaction) : personOf(pin.from)],
    ['To', calledOf(event.interaction)],
    ['VirtualNumber', digitsOf(event.session.virtualNumber)],
    ['PinAuthenticationStatus', PIN_STATUS[kind] ?? ''],
    ['PinRetryCounter', kind === 'pin-authorized' ? '0' : pin === null ? '' : String(pin.retry)],
    ['Amount', end === null ? '' : printAmount(end.bill.amount)],
    ['BilledDuration', end === null ? '' : String(end.bill.seconds)],
    ['Duration', end === null ? '' : String(end.duration)],
    ['PlivoHangupCause', hangup?.name ?? ''],
    ['PlivoHangupCauseCode', hangup === null ? '' : String(hangup.code)],
    ['SequenceNumber', String(event.sequence)],
  ];
}

const PIN_STATUS: Partial<Record<SessionEventKind, string>> = {
  'pin-authorized': 'AuthorizedCaller',
  'pin-success': 'success',
  'pin-failed': 'failed',
};

function nameOf({ kind, data }: SessionEvent): string {
  switch (kind) {
    case 'pin-authorized':
    case 'pin-success':
    case 'pin-failed':
      return 'SessionPinAuthenticationStatus';
    case 'ring':
      return 'SessionSecondPartyRing';
    case 'answer':
      return `Session${partyIn(data)}PartyAnswer`;
    case 'hangup':
      return `Session${partyIn(data)}PartyHangup`;
    case 'parties-hangup':
      return 'SessionPartiesHangup';
    case 'timeout':
      return 'SessionTimeout';
    case 'recording-started':
      return 'SessionRecordingInitiated';
    case 'recording-ended':
      return 'SessionRecordingCompleted';
  }
}

function partyIn(data: string): 'First' | 'Second' {
  return (JSON.parse(data) as LegEventData).party === 'first' ? 'First' : 'Second';
}

/** One leg's end, or that of the whole call: what its legs cost together, and the end that says the most. */
function endOf({ kind, data, interaction }: SessionEvent): End {
  if (kind === 'hangup') {
    const leg = JSON.parse(data) as LegRecord;
    return endOfLegs([leg], leg);
  }
  return interaction === null ? endOfLegs([], null) : endOfLegs(interaction.legs, telling(interaction));
}

function endOfLegs(legs: readonly LegRecord[], leg: LegRecord | null): End {
  const bill = sumOf(legs.map((each) => each.bill));
  return { bill, duration: legs.reduce((sum, each) => sum + talkedSeconds(each), 0), leg };
}

/** A call that came about ended as its A leg did; one that did not, as the last leg that was dialled. */
function telling({ connectedAt, legs }: Interaction): LegRecord | null {
  const a = legs.find((leg) => leg.role === 'a') ?? null;
  return connectedAt !== null ? a : (legs.filter((leg) => leg.role === 'b').at(-1) ?? a);
}

/** Whole seconds, rounded up; 0 for a leg that was never answered. */
function talkedSeconds(leg: LegRecord): number {
  return leg.answeredAt === null ? 0 : Math.max(0, Math.ceil((leg.endedAt - leg.answeredAt) / 1000));
}

/** The number that was used towards the virtual number. */
function callerOf(interaction: Interaction | null): string {
  return interaction?.people == null ? '' : personOf(interaction.people.a);
}

function calledOf(interaction: Interaction | null): string {
  return interaction?.people == null ? '' : digitsOf(interaction.people.b);
}

function personOf(number: E164 | null): string {
  return number === null ? 'anonymous' : digitsOf(number);
}

function recordingParameters(event: SessionEvent, context: PayloadContext): Parameters {
  const { session, interaction, kind } = event;
  const { accountId, settings } = session;
  const format = settings.recordFileFormat;
  const id = (interaction?.recording ?? '').replace(/\.[a-z0-9]+$/, '');
  const found = kind === 'recording-ended' ? (JSON.parse(event.data) as RecordingEventData) : null;
  const audio = found === null || found.state === 'failed' ? null : found;
  const urls = context.recordingUrls({ accountId, id, format });
  const start = found === null ? (interaction?.connectedAt ?? null) : (audio?.startedAt ?? null);
  return [
    ['EventName', found?.state === 'failed' ? 'SessionRecordingFailed' : nameOf(event)],
    ['EventTimestamp', timestamp(event.at)],
    ['SessionUUID', session.id],
    ['From', callerOf(interaction)],
    ['To', calledOf(interaction)],
    ['VirtualNumber', digitsOf(session.virtualNumber)],
    ['RecordingUUID', id],
    ['RecordingURL', audio === null ? '' : urls.media],
    ['RecordingResourceURL', urls.resource],
    ['RecordingDuration', audio === null ? '' : String(Math.ceil(audio.durationMs / 1000))],
    ['RecordingStartTime', start === null ? '' : timestamp(start)],
    ['RecordingEndTime', audio === null ? '' : timestamp(audio.endedAt)],
    ['RecordingFormat', `.${format}`],
    ['SequenceNumber', String(event.sequence)],
  ];
}
