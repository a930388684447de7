import type { Interaction, InteractionPeople, InteractionStage, LegRecord } from '../masking/interaction.js';
import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession, Party, SessionSettings } from '../masking/session.js';
import { UnreadableDocumentError } from './errors.js';
import type { Reply } from './scripts.js';
import type { Vault } from './vault.js';

/** What of a session does not change while calls go on. It is sealed as a whole. */
export type SessionDocument = Omit<MaskingSession, keyof SessionEvents>;

/** What changes. */
export type SessionEvents = Pick<
  MaskingSession,
  'totals' | 'lastInteractionAt' | 'inProgress' | 'lastPeer' | 'endedBy'
>;

/** Field by field: to add fields to a spread object takes V8 a hundred times as long. */
export function sessionOf(document: SessionDocument, events: SessionEvents): MaskingSession {
  return {
    id: document.id,
    accountId: document.accountId,
    virtualNumber: document.virtualNumber,
    firstParty: document.firstParty,
    secondParty: document.secondParty,
    singleParty: document.singleParty,
    settings: document.settings,
    pin: document.pin,
    fee: document.fee,
    createdAt: document.createdAt,
    modifiedAt: document.modifiedAt,
    expiresAt: document.expiresAt,
    totals: events.totals,
    lastInteractionAt: events.lastInteractionAt,
    inProgress: events.inProgress,
    lastPeer: events.lastPeer,
    endedBy: events.endedBy,
  };
}

export function sealSession(vault: Vault, document: SessionDocument): string {
  return vault.seal(JSON.stringify(document), context(document.virtualNumber));
}

/** Throws UnreadableDocumentError. */
export function sessionDocumentFrom(vault: Vault, number: E164, sealed: string): SessionDocument {
  return JSON.parse(vault.open(sealed, context(number))) as SessionDocument;
}

/**
 * A session from the fields that the scripts answer with (sessionFields in lua/include/number.lua), or null.
 * Throws UnreadableDocumentError.
 */
export function sessionFrom(vault: Vault, number: E164, reply: Reply, now: number): MaskingSession | null {
  if (!Array.isArray(reply)) return null;
  const [doc, callCount, billedDuration, lastInteractionAt, claimUntil, peer, endedBy, callAmount] = reply;
  const document = sessionDocumentFrom(vault, number, String(doc));
  return sessionOf(document, {
    totals: {
      callCount: Number(callCount),
      billedDuration: Number(billedDuration),
      callAmount: Number(callAmount ?? 0),
    },
    lastInteractionAt: instant(lastInteractionAt),
    // A claim that lapsed was lost on its way: no call runs any more.
    inProgress: now < (instant(claimUntil) ?? 0),
    lastPeer: typeof peer === 'string' ? (peopleFrom(vault, number, peer)?.a ?? null) : null,
    endedBy: (endedBy ?? null) as MaskingSession['endedBy'],
  });
}

export function sealPeople(vault: Vault, number: E164, people: InteractionPeople): string {
  return vault.seal(JSON.stringify(people), peopleContext(number));
}

/** What the session's scripts emit: see `emit` in lua/include/outbox.lua. Whoever stores settings stores it too. */
export function hooksOf(
  settings: Pick<SessionSettings, 'callbackUrl' | 'recordingCallbackUrl' | 'record'>,
): string {
  const recording = settings.record && settings.recordingCallbackUrl !== '';
  return `${settings.callbackUrl === '' ? '' : 's'}${recording ? 'r' : ''}`;
}

/**
 * An interaction from the answer of HGETALL (RESP 2: fields and values in turn), or null when empty.
 * Throws UnreadableDocumentError.
 */
export function interactionFrom(vault: Vault, id: string, number: E164, reply: Reply): Interaction | null {
  if (!Array.isArray(reply) || reply.length === 0) return null;
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < reply.length; index += 2) {
    fields.set(String(reply[index]), String(reply[index + 1]));
  }
  const field = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw new UnreadableDocumentError(`interaction ${id} has no ${name}`);
    return value;
  };
  return {
    id,
    sessionId: field('sessionId'),
    virtualNumber: number,
    node: field('node'),
    caller: field('caller') as Party,
    stage: field('stage') as InteractionStage,
    startedAt: Number(field('startedAt')),
    connectedAt: instant(fields.get('connectedAt')),
    endedAt: instant(fields.get('endedAt')),
    endedBy: (fields.get('endedBy') ?? null) as Interaction['endedBy'],
    cause: fields.get('cause') ?? '',
    recording: field('recording'),
    people: peopleFrom(vault, number, fields.get('people')),
    legs: [...fields]
      .filter(([name]) => name.startsWith('leg:'))
      .map(([, json]) => JSON.parse(json) as LegRecord)
      .sort(byRoleAndStart),
  };
}

function peopleFrom(vault: Vault, number: E164, sealed: string | undefined): InteractionPeople | null {
  if (sealed === undefined) return null;
  return JSON.parse(vault.open(sealed, peopleContext(number))) as InteractionPeople;
}

function byRoleAndStart(one: LegRecord, other: LegRecord): number {
  if (one.role !== other.role) return one.role === 'a' ? -1 : 1;
  return one.startedAt - other.startedAt || one.endedAt - other.endedAt || (one.uuid < other.uuid ? -1 : 1);
}

function instant(value: Reply | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** A document cannot be moved to another number. */
function context(number: E164): string {
  return `session\0${number}`;
}

function peopleContext(number: E164): string {
  return `people\0${number}`;
}
