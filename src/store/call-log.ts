import type { LegAddress } from '../calls/ports.js';
import { endsOf, peopleOf, talkSeconds, type CallDirection, type EndedCall } from '../masking/call.js';
import { hangupOf, type HangupSource } from '../masking/hangup-cause.js';
import type { Interaction, LegRole } from '../masking/interaction.js';
import type { E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import { interactionFrom, sessionFrom } from './documents.js';
import { legKey, listingKey, numberKey } from './keys.js';
import type { Listing, Span } from './listing.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** Where a leg is kept. Nothing of it is private. */
export interface LegPointer {
  readonly number: E164;
  readonly sessionId: string;
  readonly interactionId: string;
  readonly role: LegRole;
}

/** Which calls a client asks for; what is not given does not matter. */
export interface CallQuery {
  /** Ids of the accounts whose calls count; null for all. */
  readonly accountIds: readonly string[] | null;
  readonly from?: E164;
  readonly to?: E164;
  readonly direction?: CallDirection;
  readonly parentUuid?: string;
  readonly hangupCode?: number;
  readonly hangupSource?: HangupSource;
  /** Milliseconds since the epoch. */
  readonly ended: Span;
  /** Seconds. */
  readonly billDuration?: Span;
  readonly limit: number;
  readonly offset: number;
}

/** What an entry of the listing tells of a leg, so that filters need not read it. */
interface Entry extends LegPointer {
  readonly uuid: string;
  readonly direction: CallDirection;
  readonly seconds: number;
  readonly code: number;
  readonly source: string;
}

/** An interaction with what its numbers are known from. */
export interface Logged {
  readonly session: MaskingSession;
  readonly interaction: Interaction;
}

const ALL = 'all';

/**
 * Legs that have ended, found by UUID and listed by when they ended.
 *
 * Written after the leg itself, by whoever writes the leg, also when it was written before: so an index that
 * an interrupted writer left out comes with the next report of the same leg.
 */
export class CallLog {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #listing: Listing;
  readonly #retention: number;

  /** `retention` in milliseconds: how long a call is found after its end. */
  constructor(client: RedisClient, scripts: Scripts, vault: Vault, listing: Listing, retention: number) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#listing = listing;
    this.#retention = retention;
  }

  /** The interaction and its session, or null when either is not known. `now` in milliseconds since the epoch. */
  async read(
    address: Pick<LegAddress, 'number' | 'sessionId' | 'interactionId'>,
    now: number,
  ): Promise<Logged | null> {
    const { number, sessionId, interactionId } = address;
    const reply = await this.#scripts.run('read-leg', [numberKey(number)], [sessionId, interactionId]);
    return this.loggedFrom(address, reply as Reply[], now);
  }

  /** As {@link read}, from what read-leg answers. Throws UnreadableDocumentError. */
  loggedFrom(
    { number, interactionId }: Pick<LegAddress, 'number' | 'interactionId'>,
    [fields, call]: readonly Reply[],
    now: number,
  ): Logged | null {
    const session = sessionFrom(this.#vault, number, fields ?? null, now);
    const interaction = interactionFrom(this.#vault, interactionId, number, call ?? null);
    return session === null || interaction === null ? null : { session, interaction };
  }

  /** Indexes the leg `uuid` of an interaction. Nothing happens when the interaction does not have it. */
  async index({ session, interaction }: Logged, uuid: string): Promise<void> {
    const leg = interaction.legs.find((candidate) => candidate.uuid === uuid);
    if (leg === undefined) return;
    const number = interaction.virtualNumber;
    const { direction, from, to } = endsOf(leg.role, peopleOf(interaction, session), number);
    const pointer: LegPointer = {
      number,
      sessionId: session.id,
      interactionId: interaction.id,
      role: leg.role,
    };
    const { code, source } = hangupOf(leg);
    const entry = entryText({ ...pointer, uuid, direction, seconds: talkSeconds(leg), code, source });
    const people = [...(from === null ? [] : [`from:${this.#token(from)}`]), `to:${this.#token(to)}`];
    const keys = scopesOf(session.accountId).flatMap((scope) =>
      ['', ...people].map((by) => listingKey('calls', scope, by)),
    );
    await Promise.all([
      guarded(() => this.#client.set(legKey(uuid), JSON.stringify(pointer), 'PX', this.#retention)),
      this.#listing.add(keys, entry, leg.endedAt, this.#retention),
    ]);
  }

  /**
   * Takes the legs of an interaction out of the listings, wherever a data key filed them, and lets go of what
   * points to them. `session` null when it is not known any more: then they stay in listings that name nobody.
   */
  async forget(interaction: Interaction, session: MaskingSession | null): Promise<void> {
    if (session !== null) await this.#unlist(interaction, session);
    for (const uuid of [interaction.id, ...interaction.legs.map((leg) => leg.uuid)]) {
      await guarded(() => this.#client.del(legKey(uuid)));
    }
  }

  /** Points to a leg that is up, until `until` (milliseconds since the epoch) unless its end is written before. */
  async point(uuid: string, pointer: LegPointer, until: number, now: number): Promise<void> {
    const ttl = Math.max(1, until - now);
    await guarded(() => this.#client.set(legKey(uuid), JSON.stringify(pointer), 'PX', ttl, 'NX'));
  }

  async locate(uuid: string): Promise<LegPointer | null> {
    const text = await guarded(() => this.#client.get(legKey(uuid)));
    return text === null ? null : (JSON.parse(text) as LegPointer);
  }

  /** The leg that has ended under `uuid`, or null. `now` in milliseconds since the epoch. */
  async find(uuid: string, now: number): Promise<EndedCall | null> {
    const pointer = await this.locate(uuid);
    return pointer === null ? null : this.#callAt(pointer, uuid, now);
  }

  /** Calls that have ended, newest first. Throws ListingTooLongError. */
  async list(query: CallQuery, now: number): Promise<{ calls: readonly EndedCall[]; total: number }> {
    const scopes = query.accountIds ?? [ALL];
    const [scope] = scopes;
    // An account sees all, or one: there is no listing of a few.
    if (scope === undefined || scopes.length > 1) throw new TypeError('one account is listed, or all');
    const byPerson = (role: string, person: E164): string[] =>
      this.#vault.partyTokens(person).map((token) => listingKey('calls', scope, `${role}:${token}`));
    const people = [
      ...(query.from === undefined ? [] : [byPerson('from', query.from)]),
      ...(query.to === undefined ? [] : [byPerson('to', query.to)]),
    ];
    const [first = [listingKey('calls', scope)], ...others] = people;
    const matches = matcherOf(query);
    const { entries, total } = await this.#listing.page({
      keys: first,
      span: query.ended,
      limit: query.limit,
      offset: query.offset,
      ...(others.length === 0 ? {} : { alsoIn: others }),
      ...(matches === null ? {} : { matches }),
    });
    const calls = await Promise.all(
      entries.map(entryFrom).map((entry) => this.#callAt(entry, entry.uuid, now)),
    );
    // A session may have been forgotten before its calls leave the listing.
    return { calls: calls.filter((call) => call !== null), total };
  }

  async #callAt(pointer: LegPointer, uuid: string, now: number): Promise<EndedCall | null> {
    const logged = await this.read(pointer, now);
    const leg = logged?.interaction.legs.find((candidate) => candidate.uuid === uuid);
    if (logged === null || leg === undefined) return null;
    const { session, interaction } = logged;
    return {
      uuid,
      role: leg.role,
      accountId: session.accountId,
      interaction,
      leg,
      ...endsOf(leg.role, peopleOf(interaction, session), interaction.virtualNumber),
    };
  }

  async #unlist(interaction: Interaction, session: MaskingSession): Promise<void> {
    for (const leg of interaction.legs) {
      const { from, to } = endsOf(leg.role, peopleOf(interaction, session), interaction.virtualNumber);
      const by = (role: string, person: E164): string[] =>
        this.#vault.partyTokens(person).map((token) => `${role}:${token}`);
      const narrowed = ['', ...(from === null ? [] : by('from', from)), ...by('to', to)];
      const keys = scopesOf(session.accountId).flatMap((scope) =>
        narrowed.map((each) => listingKey('calls', scope, each)),
      );
      for (const key of keys) {
        const entries = await guarded(() => this.#client.zrangebyscore(key, leg.endedAt, leg.endedAt));
        const own = entries.filter((entry) => entry.startsWith(`${leg.uuid}|`));
        if (own.length > 0) await guarded(() => this.#client.zrem(key, ...own));
      }
    }
  }

  /** What a person is filed under: the newest data key's token. */
  #token(number: E164): string {
    return this.#vault.partyTokens(number)[0] ?? '';
  }
}

/** Listings that a call of this account is in. A main account sees all, so it needs none of its own. */
export function scopesOf(accountId: string): string[] {
  return accountId.startsWith('SA') ? [ALL, accountId] : [ALL];
}

function matcherOf(query: CallQuery): ((entry: string) => boolean) | null {
  const { direction, parentUuid, hangupCode, hangupSource, billDuration } = query;
  const rules: ((entry: Entry) => boolean)[] = [];
  if (direction !== undefined) rules.push((entry) => entry.direction === direction);
  if (parentUuid !== undefined) {
    rules.push((entry) => entry.role === 'b' && entry.interactionId === parentUuid);
  }
  if (hangupCode !== undefined) rules.push((entry) => entry.code === hangupCode);
  if (hangupSource !== undefined) rules.push((entry) => entry.source === hangupSource);
  if (billDuration !== undefined) rules.push((entry) => isWithin(entry.seconds, billDuration));
  if (rules.length === 0) return null;
  return (text) => {
    const entry = entryFrom(text);
    return rules.every((rule) => rule(entry));
  };
}

function isWithin(value: number, { gt, gte, lt, lte }: Span): boolean {
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte)
  );
}

function entryText(entry: Entry): string {
  const { uuid, number, sessionId, interactionId, role, direction, seconds, code, source } = entry;
  return [uuid, number, sessionId, interactionId, role, direction, seconds, code, source].join('|');
}

function entryFrom(text: string): Entry {
  const [uuid, number, sessionId, interactionId, role, direction, seconds, code, source] = text.split('|');
  return {
    uuid: uuid ?? '',
    number: (number ?? '') as E164,
    sessionId: sessionId ?? '',
    interactionId: interactionId ?? '',
    role: role as LegRole,
    direction: direction as CallDirection,
    seconds: Number(seconds),
    code: Number(code),
    source: source ?? '',
  };
}
