import { MasklineError } from '../errors.js';
import { isE164 } from '../masking/phone-number.js';
import { otherParty } from '../masking/session.js';
import { withoutKept } from './leg-defaults.js';
import { markVariables } from './leg-marks.js';
import type { ConnectAnswer, Kept, LegMarks } from './question.js';
import { VAR } from './variables.js';

/** The trunk name that stands for the softphones registered with the node itself. */
export const SOFTPHONE_TRUNK = 'softphone';

/** Extension, dialplan and context that a leg originated to the first party enters when it answers. */
export const FIRST_PARTY_ENTRY = 'ask-first XML masking';

/** Run on a leg to a softphone before it is dialled. In quotes, because `originate` splits at spaces. */
const SOFTPHONE_LEG = "'execute_extension softphone-leg XML masking'";

/** Most seconds that a party may listen to a file before the two are joined. */
export const WHISPER_LIMIT = 120;

/** Milliseconds without a packet after which a first party's leg ends; others have the node's MEDIA_TIMEOUT. */
const MEDIA_TIMEOUT_MS = 300_000;

/**
 * Causes that are the trunk's own and not the called person's: the next trunk is tried after these.
 * After any other (busy, no answer, rejected, not allocated) it would ring the same person twice.
 */
const TRUNK_FAULTS = [
  'NORMAL_TEMPORARY_FAILURE', // 500, 503
  'NETWORK_OUT_OF_ORDER', // 502
  'RECOVERY_ON_TIMER_EXPIRE', // no SIP answer at all; also 408, 504
  'GATEWAY_DOWN', // OPTIONS unanswered
  'INVALID_GATEWAY',
  'DESTINATION_OUT_OF_ORDER',
  'NORMAL_CIRCUIT_CONGESTION',
  'SWITCH_CONGESTION',
  'REQUESTED_CHAN_UNAVAIL',
  'INCOMPATIBLE_DESTINATION', // 488
];

/** True when a hangup cause is the trunk's fault, so that another trunk may be tried. */
export function isTrunkFault(cause: string): boolean {
  return TRUNK_FAULTS.includes(cause);
}

/** A value that may not enter a dial string. The message names the field, never the value. */
export class DialStringError extends MasklineError {
  readonly code = 'ERR_DIAL_STRING';
}

/** A call to the first party that we start ourselves. */
export interface FirstPartyCall {
  /**
   * Channel UUID that the leg gets. Through a later trunk it has another one, because the failed
   * leg's lingers; `marks` are on every leg.
   */
  readonly uuid: string;
  readonly marks: LegMarks;
  /** The first party's number, E.164. */
  readonly target: string;
  /** Trunks to try, in order; at least one. */
  readonly trunks: readonly string[];
  /** Seconds. */
  readonly ringTimeout: number;
}

/**
 * The dial string of the B leg: every trunk in turn, the virtual number as caller ID, nothing of A.
 *
 * Commas, bars, brackets and `${` are live syntax in a dial string, so everything that enters it is
 * checked for a form that cannot hold them.
 * `keeps`: what the node has by itself and the dial string leaves out.
 * @throws DialStringError naming the field that has another form.
 */
export function dialString(answer: ConnectAnswer, keeps: Kept = 'nothing'): string {
  const party = otherParty(answer.marks.party);
  const variables = legVariables({ ...answer.marks, party }, 'b', answer.ringTimeout, keeps);
  if (answer.playB !== '') {
    // Played to B after its answer, while A still hears ringing (switch_ivr_originate.c, collect_thread_run).
    // group_confirm_timeout replaces the ring limit from the answer on, so neither shortens the other.
    variables.push(['group_confirm_key', 'exec']);
    variables.push(['group_confirm_file', `playback ${file(answer.playB)}`]);
    variables.push(['group_confirm_timeout', String(WHISPER_LIMIT)]);
  }
  if (answer.note !== '') variables.push([VAR.note, sealed(answer.note)]);
  return braces(withoutKept(variables, keeps)) + endpoints(answer, keeps);
}

/**
 * What `originate` is given to call the first party: its dial string and {@link FIRST_PARTY_ENTRY}.
 *
 * @throws DialStringError naming the field that has another form.
 */
export function originateString(call: FirstPartyCall): string {
  // Which node it is, and what that keeps, is not known here.
  const variables = legVariables(call.marks, 'a', call.ringTimeout, 'nothing');
  // A node of before has another limit, in seconds, by this name (dialplan/legs.xml).
  variables.push(['media_timeout', String(MEDIA_TIMEOUT_MS)]);
  const uuid = identifier(call.uuid, 'uuid');
  return `${braces(variables)}${endpoints(call, 'nothing', uuid)} ${FIRST_PARTY_ENTRY}`;
}

type Variable = [name: string, value: string];

function legVariables(marks: LegMarks, leg: 'a' | 'b', ringTimeout: number, keeps: Kept): Variable[] {
  const number = e164(marks.number, 'number');
  const interaction = identifier(marks.interactionId, 'interactionId');
  identifier(marks.sessionId, 'sessionId');
  const limit = seconds(ringTimeout, 'ringTimeout') + WHISPER_LIMIT + 10;
  return [
    // By itself a channel is named after the number that is dialled, and FreeSWITCH's warnings and errors name channels.
    ['origination_channel_name', `maskline/${leg}/${interaction}`],
    ...markVariables(leg, marks, keeps),
    ['origination_caller_id_number', number],
    ['origination_caller_id_name', number],
    // What FreeSWITCH would tell A of the number that it dialled (switch_ivr_originate.c, callee_id_number).
    ['origination_callee_id_number', number],
    ['origination_callee_id_name', number],
    // Without it the caller's own wish for privacy would be passed on, and hide the virtual number.
    ['origination_privacy', 'screen'],
    ['sip_copy_custom_headers', 'false'],
    ['sip_copy_multipart', 'false'],
    ['exclude_outgoing_extra_header', '^sip_h_'],
    ['ignore_display_updates', 'true'],
    ['sip_ignore_remote_cid', 'true'],
    ['outbound_redirect_fatal', 'true'],
    // A BYE's Reason header is set on both legs, and would be sent on as it stands (sofia.c:1009).
    ['disable_q850_reason', 'true'],
    // Nobody's offer of ICE is heard but a browser's: SOFTPHONE_LEG makes that exception.
    ['ignore_sdp_ice', 'true'],
    // Early media would end the ringing as success, and could name the person called.
    ['ignore_early_media', 'ring_ready'],
    ['fail_on_single_reject', `!${TRUNK_FAULTS.join(':')}`],
    // Only a net: with a fail_on_single_reject list FreeSWITCH does not act on it while a leg rings
    // (switch_ivr_originate.c:3371), so the ring limit is each leg's own leg_timeout.
    // A node that keeps all has one for every call (call_timeout).
    ...(keeps === 'all' ? [] : ([['originate_timeout', String(limit)]] satisfies Variable[])),
  ];
}

type Destination = Pick<ConnectAnswer, 'target' | 'trunks' | 'ringTimeout'>;

function endpoints(call: Destination, keeps: Kept, uuid?: string): string {
  const target = e164(call.target, 'target');
  if (call.trunks.length === 0) throw new DialStringError('trunks must hold at least one trunk');
  return call.trunks
    .map((trunk, index) => {
      const own: Variable[] = index === 0 && uuid !== undefined ? [['origination_uuid', uuid]] : [];
      // FreeSWITCH says by itself which gateway a leg was dialled through.
      if (keeps !== 'all' || trunk === SOFTPHONE_TRUNK) own.push([VAR.trunk, trunkName(trunk)]);
      own.push(['leg_timeout', String(call.ringTimeout)]);
      return endpoint(trunk, target, own);
    })
    .join('|');
}

function endpoint(trunk: string, target: string, own: Variable[]): string {
  if (trunk !== SOFTPHONE_TRUNK) return `${brackets(own)}sofia/gateway/${trunkName(trunk)}/${target}`;
  // A gateway's leg never inherits it; here A's would be (mod_sofia.c:5154).
  own.push(['sip_cid_type', 'none'], ['execute_on_originate', SOFTPHONE_LEG]);
  return `${brackets(own)}sofia/${SOFTPHONE_TRUNK}/${target.slice(1)}%${SOFTPHONE_TRUNK}`;
}

function braces(variables: readonly Variable[]): string {
  return `{${list(variables)}}`;
}

function brackets(variables: readonly Variable[]): string {
  return `[${list(variables)}]`;
}

function list(variables: readonly Variable[]): string {
  return variables.map(([name, value]) => `${name}=${value}`).join(',');
}

function e164(text: string, field: string): string {
  if (!isE164(text)) throw new DialStringError(`${field} is not an E.164 number`);
  return text;
}

function trunkName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text))
    throw new DialStringError('trunks holds a name that is not a trunk name');
  return text;
}

function identifier(text: string, field: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new DialStringError(`${field} is not an identifier`);
  return text;
}

function sealed(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,2048}$/.test(text)) throw new DialStringError('note is not sealed text');
  return text;
}

/** An absolute path, or a name in FreeSWITCH's sound folder. */
function file(text: string): string {
  const safe =
    /^[A-Za-z0-9._/-]{1,512}$/.test(text) && !text.startsWith('-') && !text.split('/').includes('..');
  if (!safe) throw new DialStringError('playB is not a safe file path');
  return text;
}

function seconds(value: number, field: string): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > 86_400) {
    throw new DialStringError(`${field} is not a number of seconds from 1 to 86400`);
  }
  return value;
}
