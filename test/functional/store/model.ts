import type { E164 } from '../../../src/masking/phone-number.js';

/** A session as plainly as the rules can say it. */
export interface ModelSession {
  readonly id: string;
  readonly number: E164;
  readonly created: number;
  modified: number;
  expires: number;
  /** Milliseconds. */
  readonly cooloff: number;
  first: E164 | null;
  second: E164 | null;
  readonly missing: 'first' | 'second' | null;
  /** First party's and second party's. */
  readonly pins: readonly [string, string] | null;
  readonly announces: boolean;
  lastPeer: E164 | null;
  deleted: boolean;
  /** The interaction that runs, or null. */
  call: string | null;
  calls: number;
}

/** What a create asks for. */
export type Wanted = Pick<ModelSession, 'first' | 'second' | 'pins' | 'announces' | 'cooloff'>;

export const isLive = (session: ModelSession, now: number): boolean => now < session.expires;
const isHeld = (session: ModelSession, now: number): boolean => now < session.expires + session.cooloff;
const partiesOf = ({ first, second }: Pick<ModelSession, 'first' | 'second'>): E164[] =>
  [first, second].filter((party) => party !== null);
const isOpen = (session: Pick<ModelSession, 'pins'> & { missing: unknown }): boolean =>
  session.missing !== null && session.pins === null;

/** The rules in memory: a list of sessions and nothing else. */
export class Model {
  readonly sessions: ModelSession[] = [];

  on(number: E164): ModelSession[] {
    return this.sessions.filter((session) => session.number === number);
  }

  /** What keeps a new session off a number: a person, a PIN, its unknown callers, or nothing. */
  conflict(wanted: Wanted, number: E164, now: number): 'party' | 'pin' | 'strangers' | '' {
    const here = this.on(number);
    const people = partiesOf(wanted);
    if (people.some((person) => this.#holder(person, number, now) !== undefined)) return 'party';
    const live = here.filter((session) => isLive(session, now));
    if (live.some(({ pins }) => pins?.some((pin) => wanted.pins?.includes(pin)))) return 'pin';
    const missing = wanted.first === null || wanted.second === null ? 'one' : null;
    const heldOpen = here.some((session) => isOpen(session) && isHeld(session, now));
    const shared = live.some(
      ({ pins, announces, missing: lacks }) => pins !== null || (announces && lacks === null),
    );
    if (isOpen({ pins: wanted.pins, missing }) && (heldOpen || shared)) return 'strangers';
    if ((wanted.pins !== null || (wanted.announces && missing === null)) && heldOpen) return 'strangers';
    return '';
  }

  add(session: Omit<ModelSession, 'modified' | 'missing' | 'lastPeer' | 'deleted' | 'call' | 'calls'>): void {
    this.sessions.push({
      ...session,
      modified: session.created,
      missing: session.first === null ? 'first' : session.second === null ? 'second' : null,
      lastPeer: null,
      deleted: false,
      call: null,
      calls: 0,
    });
  }

  /** The error's code, or '' when it takes place. */
  update(
    session: ModelSession,
    change: { expiry?: number; first?: E164; second?: E164 },
    now: number,
  ): string {
    if (!isLive(session, now)) return 'ERR_SESSION_EXPIRED';
    const first = change.first ?? session.first;
    const second = change.second ?? session.second;
    if (session.first !== null && first !== session.first) return 'ERR_PARTY_FIXED';
    if (session.second !== null && second !== session.second) return 'ERR_PARTY_FIXED';
    if (first === second) return 'ERR_INVALID_DRAFT';
    const filledIn = session.first === null ? first : session.second === null ? second : null;
    if (filledIn !== null && this.#holder(filledIn, session.number, now, session) !== undefined) {
      return 'ERR_PARTY_TAKEN';
    }
    Object.assign(session, { first, second, modified: now });
    if (change.expiry !== undefined) session.expires = now + change.expiry * 1000;
    return '';
  }

  end(session: ModelSession, now: number): string {
    if (!isLive(session, now)) return 'ERR_SESSION_EXPIRED';
    Object.assign(session, { expires: now, modified: now, deleted: true });
    return '';
  }

  /** Where a caller of the number goes: session and party, or null. */
  caller(person: E164 | null, number: E164, now: number): { id: string; party: string } | null {
    if (person === null) return null;
    const found = this.on(number).find(
      (session) => isLive(session, now) && partiesOf(session).includes(person),
    );
    if (found === undefined) return null;
    return { id: found.id, party: found.first === person ? 'first' : 'second' };
  }

  /** The session that unknown callers of the number reach. */
  open(number: E164, now: number): { id: string; party: string } | null {
    const found = this.on(number).find((session) => isLive(session, now) && isOpen(session));
    return found === undefined ? null : { id: found.id, party: String(found.missing) };
  }

  pin(pin: string, number: E164, now: number): { id: string; party: string } | null {
    const found = this.on(number).find((session) => isLive(session, now) && session.pins?.includes(pin));
    if (found === undefined) return null;
    return { id: found.id, party: found.pins?.[0] === pin ? 'first' : 'second' };
  }

  #holder(person: E164, number: E164, now: number, but?: ModelSession): ModelSession | undefined {
    return this.on(number).find(
      (session) => session !== but && isHeld(session, now) && partiesOf(session).includes(person),
    );
  }
}
