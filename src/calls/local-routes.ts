import { MasklineError } from '../errors.js';
import type { Caller } from '../masking/caller.js';
import type { E164 } from '../masking/phone-number.js';
import type { Match, NumberRoutes } from '../masking/resolve.js';
import { isLive, partyNumber, type MaskingSession, type Party } from '../masking/session.js';
import type { VirtualNumber } from '../masking/virtual-number.js';
import type { CallStore } from './ports.js';

/** The store does not answer, and nothing here says where the call may go. */
export class NoLocalRouteError extends MasklineError {
  readonly code = 'ERR_NO_LOCAL_ROUTE';
}

export interface LocalRoutesOptions {
  /** Sessions that are remembered at most; the one that was seen longest ago gives way. */
  readonly most: number;
  /** Milliseconds for which a route may be used once the store has told it. */
  readonly maxAge: number;
}

/** What was read of a session, and when, in milliseconds since the epoch. */
interface Seen {
  readonly number: VirtualNumber;
  readonly session: MaskingSession;
  readonly at: number;
}

/**
 * A bounded copy, in memory, of where registered callers were led not long ago: for calls that come while the
 * store does not answer.
 *
 * It knows sessions with both parties whose callers need no PIN, and nothing else: whoever is to key a PIN, or
 * is not known, needs the store. A session that was ended since at another controller is still known here, until
 * `maxAge` has passed.
 */
export class LocalRoutes implements Pick<CallStore, 'route' | 'checkPin' | 'checkOwnDigits'> {
  readonly #options: LocalRoutesOptions;
  /** By session id; the one that was seen longest ago first. */
  readonly #seen = new Map<string, Seen>();
  readonly #callers = new Map<string, { readonly sessionId: string; readonly party: Party }>();
  /** Counts what was forgotten: what was read before may be out of date. */
  #epoch = 0;

  constructor(options: LocalRoutesOptions) {
    this.#options = options;
  }

  /** Sessions that are remembered. */
  get size(): number {
    return this.#seen.size;
  }

  /** `store`, whose routes are remembered as they are read. */
  learningFrom(store: CallStore): Pick<CallStore, 'route' | 'checkPin' | 'checkOwnDigits'> {
    return {
      route: async (number, caller, now) => {
        const epoch = this.#epoch;
        const routes = await store.route(number, caller, now);
        if (epoch === this.#epoch) this.learn(number, caller, routes, now);
        return routes;
      },
      checkPin: (...attempt) => store.checkPin(...attempt),
      checkOwnDigits: (...attempt) => store.checkOwnDigits(...attempt),
    };
  }

  /** What the store told of a caller at `now` takes the place of what it told before. */
  learn(
    number: E164,
    caller: Caller,
    { number: record, matched, callerIsOurs }: NumberRoutes,
    now: number,
  ): void {
    if (caller.kind !== 'number') return;
    this.#dropCaller(nameOf(number, caller.number));
    if (matched === null || record?.enabled !== true || callerIsOurs || !isKept(matched.session)) return;
    const { session } = matched;
    this.#drop(session.id);
    for (const [name, party] of callersOf(session)) {
      this.#dropCaller(name);
      this.#callers.set(name, { sessionId: session.id, party });
    }
    this.#seen.set(session.id, { number: record, session, at: now });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > this.#options.most && oldest !== undefined) this.#drop(oldest);
  }

  /** The session was changed or ended. */
  forget(sessionId: string): void {
    this.#epoch += 1;
    this.#drop(sessionId);
  }

  /** The virtual number was changed or removed. */
  forgetNumber(number: E164): void {
    this.#forgetWhere(({ session }) => session.virtualNumber === number);
  }

  /** The person is to be forgotten. */
  forgetPerson(person: E164): void {
    this.#forgetWhere(({ session }) => session.firstParty === person || session.secondParty === person);
  }

  /** Removes what is too old to be used at `now`. */
  dropOld(now: number): void {
    for (const [id, { at }] of this.#seen) {
      if (now - at <= this.#options.maxAge) return;
      this.#drop(id);
    }
  }

  /** Rejects with NoLocalRouteError when the caller is not known well enough. */
  route(number: E164, caller: Caller, now: number): Promise<NumberRoutes> {
    const found = caller.kind === 'number' ? this.#find(nameOf(number, caller.number), now) : null;
    if (found === null) {
      return Promise.reject(new NoLocalRouteError('no local copy says where the call may go'));
    }
    return Promise.resolve({
      number: found.number,
      matched: found.match,
      pinGate: null,
      open: null,
      unknownCallerPlay: '',
      refusedUntil: null,
      callerIsOurs: false,
    });
  }

  /** A PIN can be judged by the store alone. Rejects with NoLocalRouteError. */
  checkPin(): Promise<never> {
    return Promise.reject(new NoLocalRouteError('a PIN cannot be judged while the store is away'));
  }

  /** As checkPin. */
  checkOwnDigits(): Promise<never> {
    return this.checkPin();
  }

  #find(name: string, now: number): { number: VirtualNumber; match: Match } | null {
    const caller = this.#callers.get(name);
    const seen = caller === undefined ? undefined : this.#seen.get(caller.sessionId);
    if (caller === undefined || seen === undefined) return null;
    const { number, session, at } = seen;
    if (now - at > this.#options.maxAge || !isLive(session, now)) return null;
    return { number, match: { session, party: caller.party } };
  }

  #forgetWhere(concerns: (seen: Seen) => boolean): void {
    this.#epoch += 1;
    for (const [id, seen] of this.#seen) {
      if (concerns(seen)) this.#drop(id);
    }
  }

  #dropCaller(name: string): void {
    const caller = this.#callers.get(name);
    if (caller !== undefined) this.#drop(caller.sessionId);
  }

  #drop(sessionId: string): void {
    const seen = this.#seen.get(sessionId);
    if (seen === undefined) return;
    this.#seen.delete(sessionId);
    for (const [name] of callersOf(seen.session)) this.#callers.delete(name);
  }
}

/** Whose callers are led on by their number alone, and who is known to be reached. */
function isKept(session: MaskingSession): boolean {
  return session.firstParty !== null && session.secondParty !== null && session.pin?.forced !== true;
}

function nameOf(number: E164, caller: E164): string {
  return `${number} ${caller}`;
}

function callersOf(session: MaskingSession): (readonly [name: string, party: Party])[] {
  return (['first', 'second'] as const).flatMap((party) => {
    const person = partyNumber(session, party);
    return person === null ? [] : [[nameOf(session.virtualNumber, person), party] as const];
  });
}
