import type { EndedLeg, UnmarkedLeg } from '../calls/node-link.js';
import type { LegAddress } from '../calls/ports.js';
import type { EndedBy, LegRecord, LegRole } from '../masking/interaction.js';
import { isE164 } from '../masking/phone-number.js';
import type { Party } from '../masking/session.js';
import { eventValue, type EslEvent } from './event.js';
import { marksRead } from './leg-marks.js';
import { VAR } from './variables.js';
import { decodeHeader } from './wire.js';

/** Whose leg a channel is. */
export interface LegIdentity {
  readonly address: LegAddress;
  /** Channel UUID. */
  readonly uuid: string;
  readonly role: LegRole;
  readonly party: Party;
}

/** Reads a channel variable, "" when it is not set. */
type Variables = (name: string) => string;

/**
 * Causes that FreeSWITCH or we give, never a person: limits, dead media, an operator, a shutdown.
 * Names as in switch_channel.c, CAUSE_CHART.
 */
const SYSTEM_CAUSES: ReadonlySet<string> = new Set([
  'ALLOTTED_TIMEOUT',
  'MEDIA_TIMEOUT',
  'PROGRESS_TIMEOUT',
  'NO_ANSWER',
  'RECOVERY_ON_TIMER_EXPIRE',
  'MANAGER_REQUEST',
  'SYSTEM_SHUTDOWN',
  'CRASH',
  'SERVICE_NOT_IMPLEMENTED',
  'DESTINATION_OUT_OF_ORDER',
]);

/** Causes of a called phone's own refusal (486, 600; 603; 607; 480; mod_sofia's sofia_glue.c). */
const REFUSALS: ReadonlySet<string> = new Set(['USER_BUSY', 'CALL_REJECTED', 'UNWANTED', 'NO_USER_RESPONSE']);

/** The identity of the channel of an event, or null when it is none of our legs. */
export function legOf(event: EslEvent): LegIdentity | null {
  const variables: Variables = (name) => eventValue(event, `variable_${name}`);
  return identity(eventValue(event, 'FreeSWITCH-Switchname'), eventValue(event, 'Unique-ID'), variables);
}

/** The record in a CHANNEL_HANGUP_COMPLETE event, or null when the channel is none of our legs. */
export function legFromEvent(event: EslEvent): EndedLeg | null {
  const variables: Variables = (name) => eventValue(event, `variable_${name}`);
  return endedLeg(legOf(event), eventValue(event, 'Hangup-Cause'), variables);
}

/**
 * The record in a mod_json_cdr document, or null when the channel is none of our legs or the
 * document has another shape. It gives the same record as the hangup event: both are made from the
 * variables that switch_channel_set_timestamps sets. Values may be percent-encoded (encode-values).
 */
export function legFromCdr(document: unknown): EndedLeg | null {
  const cdr = cdrVariables(document);
  if (cdr === null) return null;
  const { node, variables } = cdr;
  return endedLeg(identity(node, variables('uuid'), variables), variables('hangup_cause'), variables);
}

/**
 * A leg that called us and ended without marks: a question about it was never answered, or it led
 * nowhere. If the question had claimed a session, the store knows where the leg belongs.
 */
export function unmarkedLegFromEvent(event: EslEvent): UnmarkedLeg | null {
  const variables: Variables = (name) => eventValue(event, `variable_${name}`);
  const node = eventValue(event, 'FreeSWITCH-Switchname');
  return unmarked(node, eventValue(event, 'Unique-ID'), eventValue(event, 'Hangup-Cause'), variables);
}

/** As {@link unmarkedLegFromEvent}, from a mod_json_cdr document. */
export function unmarkedLegFromCdr(document: unknown): UnmarkedLeg | null {
  const cdr = cdrVariables(document);
  if (cdr === null) return null;
  const { node, variables } = cdr;
  return unmarked(node, variables('uuid'), variables('hangup_cause'), variables);
}

/** The UUID of the channel that a mod_json_cdr document is about, or "". */
export function cdrUuid(document: unknown): string {
  return cdrVariables(document)?.variables('uuid') ?? '';
}

/** Which call and which leg of it a mod_json_cdr document is about, for the log; empty when it names none. */
export function cdrSubject(document: unknown): { readonly call?: string; readonly leg?: string } {
  const leg = cdrUuid(document);
  if (leg === '') return {};
  // A leg without marks called us, so that its UUID is the call's.
  const variables = cdrVariables(document)?.variables ?? (() => '');
  const { interactionId } = marksRead(variables);
  return { call: interactionId === '' ? leg : interactionId, leg };
}

function unmarked(node: string, uuid: string, cause: string, variables: Variables): UnmarkedLeg | null {
  const { role, sessionId } = marksRead(variables);
  if (node === '' || uuid === '' || !hasAsked(role, variables) || sessionId !== '') return null;
  return {
    node,
    uuid,
    note: variables(VAR.note),
    ledTo: variables(VAR.next) || 'ask-again',
    record: (party) => legRecord({ uuid, role: 'a', party }, cause, variables),
  };
}

/** True on a leg that called us and about which a question was put, or could not be. A node of before says so by its role. */
function hasAsked(role: string, variables: Variables): boolean {
  return role === 'a' || (variables('direction') === 'inbound' && variables(VAR.askedHost) !== '');
}

function cdrVariables(document: unknown): { node: string; variables: Variables } | null {
  if (!isRecord(document) || !isRecord(document['variables'])) return null;
  const values = document['variables'];
  const variables: Variables = (name) => {
    const value = values[name];
    return typeof value === 'string' ? decodeHeader(value) : '';
  };
  const node = typeof document['switchname'] === 'string' ? document['switchname'] : '';
  return { node, variables };
}

function identity(node: string, uuid: string, variables: Variables): LegIdentity | null {
  const { number, sessionId, interactionId, role, party } = marksRead(variables);
  if (node === '' || uuid === '' || sessionId === '' || interactionId === '' || !isE164(number)) return null;
  if (role !== 'a' && role !== 'b') return null;
  if (party !== 'first' && party !== 'second') return null;
  return { address: { node, number, sessionId, interactionId }, uuid, role, party };
}

function endedLeg(identity: LegIdentity | null, hangupCause: string, variables: Variables): EndedLeg | null {
  if (identity === null) return null;
  const leg = legRecord(identity, hangupCause, variables);
  return leg === null ? null : { address: identity.address, leg, note: variables(VAR.note) };
}

function legRecord(
  leg: Omit<LegIdentity, 'address'>,
  hangupCause: string,
  variables: Variables,
): LegRecord | null {
  const startedAt = instant(variables('start_uepoch'));
  const endedAt = instant(variables('end_uepoch'));
  if (startedAt === null || endedAt === null) return null;
  const cause = hangupCause === '' ? 'UNSPECIFIED' : hangupCause;
  const bridgedAt = instant(variables('bridge_uepoch'));
  return {
    uuid: leg.uuid,
    role: leg.role,
    party: leg.party,
    startedAt,
    ringingAt: earliest(instant(variables('progress_uepoch')), instant(variables('progress_media_uepoch'))),
    answeredAt: instant(variables('answer_uepoch')),
    bridgedAt,
    endedAt,
    cause,
    sipStatus: finalStatus(variables),
    endedBy: endedBy(leg.role, cause, bridgedAt !== null, variables),
    trunk: variables(VAR.trunk) || variables(VAR.gateway),
  };
}

/**
 * Who ended the leg. `sip_hangup_disposition` (mod_sofia) says which side sent the last request;
 * when it was FreeSWITCH, the bridge's cause tells whether it only passed on the other leg's end.
 */
function endedBy(role: LegRole, cause: string, bridged: boolean, variables: Variables): EndedBy {
  const other = role === 'a' ? 'b' : 'a';
  switch (variables('sip_hangup_disposition')) {
    case 'recv_bye':
    case 'recv_cancel':
    case 'recv_refuse':
      return role;
    case 'send_bye': {
      const causes = [cause, variables('last_bridge_hangup_cause'), variables('bridge_hangup_cause')];
      if (bridged) return causes.some((name) => SYSTEM_CAUSES.has(name)) ? 'system' : other;
      return refusedByB(role, variables) ? other : 'system';
    }
    case 'send_refuse':
      return refusedByB(role, variables) ? other : 'system';
    case 'send_cancel':
      return cause === 'ORIGINATOR_CANCEL' ? other : 'system';
    default:
      return 'system';
  }
}

/** True on an A leg that we ended because the B leg's phone refused. */
function refusedByB(role: LegRole, variables: Variables): boolean {
  return role === 'a' && REFUSALS.has(variables('originate_failed_cause'));
}

/** The far end's own final status. For our CANCEL FreeSWITCH writes a 487 that nobody sent (mod_sofia.c). */
function finalStatus(variables: Variables): number | null {
  if (variables('direction') === 'inbound') return null;
  if (instant(variables('answer_uepoch')) !== null) return 200;
  if (variables('sip_hangup_disposition') !== 'recv_refuse') return null;
  const status = variables('sip_invite_failure_status');
  return /^[3-6]\d\d$/.test(status) ? Number(status) : null;
}

/** Microseconds since the epoch, as FreeSWITCH writes them, to milliseconds; null for 0 or nothing. */
function instant(text: string): number | null {
  return /^[1-9]\d{12,16}$/.test(text) ? Math.floor(Number(text) / 1000) : null;
}

function earliest(left: number | null, right: number | null): number | null {
  if (left === null) return right;
  return right === null ? left : Math.min(left, right);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
