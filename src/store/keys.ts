import type { E164 } from '../masking/phone-number.js';

/**
 * Every key name of the store. The part in braces is the hash tag: keys with one tag share a slot of
 * Redis Cluster, and a script touches keys of one slot only. Keys derived from a virtual number's own
 * (sessions, routes, PINs, interactions) are named in lua/include/number.lua, as only scripts use them.
 */
const PREFIX = 'maskline';

/** The virtual number's record; prefix of everything that is on that number. */
export function numberKey(number: E164): string {
  return `${PREFIX}:{${number}}`;
}

/** A key that is never there, in the slot of the keys with this tag; see scripts.ts. */
export function absentKey(tag: string, which: 1 | 2): string {
  return `${PREFIX}:{${tag}}:absent:${which}`;
}

/** All virtual numbers, as a hash of number to record. */
export const INVENTORY_KEY = `${PREFIX}:{numbers}`;

/** Numbers that were given up while sessions may still await the report of their expiry. */
export const REMOVED_NUMBERS_KEY = `${PREFIX}:{numbers}:removed`;

/** Changes whenever the inventory does. */
export const INVENTORY_VERSION_KEY = `${PREFIX}:{numbers}:version`;

/** Session id to virtual number. */
export function pointerKey(sessionId: string): string {
  return `${PREFIX}:pointer:${sessionId}`;
}

/** A subaccount. */
export function accountKey(id: string): string {
  return `${PREFIX}:{accounts}:${id}`;
}

/** All subaccounts, as `<creation>:<id>` in that order. */
export const ACCOUNTS_KEY = `${PREFIX}:{accounts}`;

/** UTC days (YYYY-MM-DD) on which sessions were created, by their first millisecond. */
export const SESSION_DAYS_KEY = `${PREFIX}:{sessions}:days`;

/** Index of the sessions created on a UTC day: a hash of member to what lists filter by. */
export function dayKey(day: string): string {
  return `${PREFIX}:{sessions:${day}}`;
}

/** Members of a day in the order of their creation, of one account or, for null, of all. */
export function dayOrderKey(day: string, accountId: string | null): string {
  return accountId === null ? `${dayKey(day)}:all` : `${dayKey(day)}:account:${accountId}`;
}

/** Members of a day whose entry may not be right, as `<member>|<operation>`, by since when. */
export function dayPendingKey(day: string): string {
  return `${dayKey(day)}:pending`;
}

/** Virtual numbers that a person was given, by when. `token` is a party token of the Vault. */
export function usedKey(token: string): string {
  return `${PREFIX}:{person:${token}}:used`;
}

/** Virtual numbers that cannot be given to a person, by the instant until which that lasts. */
export function heldKey(token: string): string {
  return `${PREFIX}:{person:${token}}:held`;
}

/** Interactions that run on a node, as a hash of id to address. */
export function liveKey(node: string): string {
  return `${PREFIX}:{live:${node}}`;
}

/** When the calls of a node were last looked at, in milliseconds since the epoch. */
export function seenKey(node: string): string {
  return `${PREFIX}:{live:${node}}:seen`;
}

/** Names that nodes go by, as a hash of name to when and at which endpoint. */
export const NODE_NAMES_KEY = `${PREFIX}:{nodes}`;

/** The calls that run on all numbers, and what limits them; the rest of its slot as in lua/include/admissions.lua. */
export const LIMITS_KEY = `${PREFIX}:{limits}`;

/** Who supervises a node, as `<controller>|<fence>`. */
export function leaseKey(node: string): string {
  return `${PREFIX}:{lease:${node}}`;
}

/** The newest fence given out for a node. It never expires. */
export function fenceKey(node: string): string {
  return `${PREFIX}:{lease:${node}}:fence`;
}

/** Newest fences that came to what waits for a node, and to what is known of it; as in lua/include/fence.lua. */
export function commandFencesKey(node: string): string {
  return `${PREFIX}:{commands:${node}}:fences`;
}

export function liveFencesKey(node: string): string {
  return `${PREFIX}:{live:${node}}:fences`;
}

/** The same for calls to originate. */
export const ORIGINATION_FENCES_KEY = `${PREFIX}:{originations}:fences`;

/** Calls to originate: ids by the instant from which they may be taken. */
export const ORIGINATIONS_DUE_KEY = `${PREFIX}:{originations}:due`;

/** Calls to originate, as a hash of id to job. */
export const ORIGINATIONS_KEY = `${PREFIX}:{originations}`;

/** Prefix of the queue of callbacks; the braces keep all its keys in one slot. */
export const CALLBACK_QUEUE_PREFIX = `{${PREFIX}:callbacks}`;

/** Numbers whose outbox may hold something, by the instant until which scripts may still append to it. */
export const OUTBOXES_KEY = `${PREFIX}:{outboxes}`;

/** What receivers of a number's sessions are to be told; as in lua/include/outbox.lua. */
export function outboxKey(number: E164): string {
  return `${numberKey(number)}:outbox`;
}

/** Where a leg belongs, by its channel's UUID. */
export function legKey(uuid: string): string {
  return `${PREFIX}:leg:${uuid}`;
}

/** B legs that are up on a node, as a hash of UUID to where and since when. */
export function liveLegsKey(node: string): string {
  return `${PREFIX}:{live:${node}}:legs`;
}

/**
 * Entries of one kind by when they were made or ended. `scope` is `all` or an account's id; `by` narrows it
 * to one person in one role or to one session, such as `from:<token>`, and is "" for everything.
 */
export function listingKey(kind: 'calls' | 'recordings' | 'traces', scope: string, by = ''): string {
  return `${PREFIX}:{${kind}}:${scope}${by === '' ? '' : `:${by}`}`;
}

/** What each controller last told of itself, as a hash of its id to that. */
export const STATUS_BOARD_KEY = `${PREFIX}:{status}`;

/** What happened to a call, step by step. */
export function traceKey(callId: string): string {
  return `${PREFIX}:trace:{${callId}}`;
}

/** What happened to all calls, newest last, for who looks on. */
export const TRACE_FEED_KEY = `${PREFIX}:{traces}:feed`;

/** Entries that it holds at least, once there were so many; some hundred bytes each. */
export const FEED_LENGTH = 10_000;

/** What became of the calls of an hour (UTC, `YYYY-MM-DDTHH`), as a hash of `<minute>|<what>` to how many. */
export function statisticsKey(hour: string): string {
  return `${PREFIX}:{statistics:${hour}}`;
}

/** What creates of an hour (UTC, `YYYY-MM-DDTHH`) came upon, as a hash of `<subaccount>|<scope>|<what>` to how many. */
export function poolHistoryKey(hour: string): string {
  return `${PREFIX}:{pool-history:${hour}}`;
}

/** Commands for a node, as a hash of channel UUID to command. */
export function commandsKey(node: string): string {
  return `${PREFIX}:{commands:${node}}`;
}

/** Changes that were made on a UTC day (YYYY-MM-DD), by when. */
export function auditKey(day: string): string {
  return `${PREFIX}:{audit:${day}}`;
}

/** What came of a command. */
export function commandAnswerKey(node: string, uuid: string): string {
  return `${PREFIX}:{commands:${node}}:${uuid}`;
}

/** Tokens of prompt URLs, by the instant until which a session needs them. */
export const NEEDED_PROMPTS_KEY = `${PREFIX}:{prompts}:needed`;

/** The sealed URLs, by token. */
export const PROMPT_URLS_KEY = `${PREFIX}:{prompts}:urls`;

/** Risk that wrong PINs have spent on all numbers, by the hour. */
export const PIN_RISK_KEY = `${PREFIX}:{pins}:risk`;

/** Numbers whose PINs are guarded, by when to look whether that is over. */
export const PIN_GUARDS_KEY = `${PREFIX}:{pins}:guards`;

/** Where a recording is kept: its virtual number and session. */
export function recordingPointerKey(id: string): string {
  return `${PREFIX}:recording:${id}`;
}

/** Recordings that are to be looked at, by when. */
export const RECORDINGS_DUE_KEY = `${PREFIX}:{recordings}:due`;

/** File names of recordings that are to go to the bucket, and of those whose objects are to go from there, by when. */
export const RECORDING_UPLOADS_KEY = `${PREFIX}:{recordings}:uploads`;
export const RECORDING_REMOVALS_KEY = `${PREFIX}:{recordings}:removals`;
