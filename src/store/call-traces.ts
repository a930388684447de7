import {
  isUnavailable,
  summaryOf,
  type CallTracer,
  type TracedCall,
  type TraceEvent,
  type TraceStep,
} from '../calls/call-trace.js';
import type { TraceOutcome, TraceSummary } from '../calls/call-trace.js';
import { Gathered } from '../gathered.js';
import { ANONYMOUS, type Caller } from '../masking/caller.js';
import type { E164 } from '../masking/phone-number.js';
import { UnreadableDocumentError } from './errors.js';
import { FEED_LENGTH, listingKey, TRACE_FEED_KEY, traceKey } from './keys.js';
import type { Listing, Span } from './listing.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';
import { WriteBehind } from './write-behind.js';

export interface CallTracesOptions {
  /** Milliseconds that a trace is kept after its last step; 0 to note nothing. */
  readonly retention: number;
  /** Told how many steps found no place or were given up. Must not throw. */
  readonly onLost?: (steps: number) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A call with what happened to it. */
export interface CallTrace {
  readonly call: TracedCall;
  readonly caller: Caller | null;
  /** By time. */
  readonly steps: readonly TraceStep[];
  readonly summary: TraceSummary;
}

export interface TraceQuery {
  /** Ids of the accounts whose calls count; null for all. */
  readonly accountIds: readonly string[] | null;
  readonly number?: E164;
  readonly caller?: E164;
  readonly sessionId?: string;
  readonly outcome?: TraceOutcome;
  /** Those alone that are not over. */
  readonly isLive?: boolean;
  /** When they began, milliseconds since the epoch. */
  readonly started: Span;
  readonly limit: number;
  readonly offset: number;
}

/** `caller` sealed; "" for one who withheld the number, null for a call that we began. */
type KeptEvent =
  Exclude<TraceEvent, { step: 'received' }> | { readonly step: 'received'; readonly caller: string | null };

/** How a step is kept: with what its writer knew of the call. */
type Kept = KeptEvent & {
  readonly at: number;
  readonly node: string;
  readonly did: E164 | null;
  readonly session: string | null;
  readonly account: string;
};

/** Steps of one call that wait to be written. */
interface Pending {
  readonly call: TracedCall;
  readonly kept: Kept[];
  /** Of the caller, once one was named. */
  token: string | null;
  /** What of it is in Redis already, when another part of it failed. */
  readonly written: Set<'trace' | 'feed' | 'listings'>;
}

const FLUSH_MS = 100;
const MOST_WAITING = 20_000;
const MOST_STEPS = 200;
/** Calls whose steps go into the feed by one command at most. */
const FED_TOGETHER = { most: 100 };
const ALL = 'all';
/** The listing of calls that are not over. */
const LIVE = 'live';
/**
 * Milliseconds without a step after which a call that never was one of two people is taken for over: no prompt and no
 * announcement is that long, so its node or its controller went down and nobody told of its end. Of two people the end
 * is always told, at the latest by whoever finds their claim lapsed.
 */
const SILENT_FOR = 30 * 60_000;

/**
 * What happened to calls, step by step, whether or not they led anywhere.
 *
 * Written behind the calls, some at a time: a trace may lack its last tenth of a second when its controller dies.
 */
export class CallTraces implements CallTracer {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #listing: Listing;
  readonly #retention: number;
  readonly #onLost: (steps: number) => void;
  readonly #now: () => number;
  readonly #behind: WriteBehind<Pending>;
  readonly #feed: Gathered<string>;

  constructor(
    client: RedisClient,
    scripts: Scripts,
    vault: Vault,
    listing: Listing,
    { retention, onLost = () => undefined, now }: CallTracesOptions,
  ) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#listing = listing;
    this.#retention = retention;
    this.#onLost = onLost;
    this.#now = now;
    this.#feed = new Gathered(
      (entries) => scripts.run('feed-traces', [TRACE_FEED_KEY], [FEED_LENGTH, ...entries]),
      FED_TOGETHER,
    );
    this.#behind = new WriteBehind({
      write: (pending) => this.#write(pending),
      pauseMs: FLUSH_MS,
      most: MOST_WAITING,
      onLost,
    });
  }

  note(call: TracedCall, event: TraceEvent, at: number): void {
    if (this.#retention === 0) return;
    const kept: Kept = {
      ...(event.step === 'received' ? { ...event, caller: this.#seal(call.id, event.caller) } : event),
      at,
      node: call.node,
      did: call.number,
      session: call.sessionId,
      account: call.accountId,
    };
    const named = event.step === 'received' && event.caller?.kind === 'number' ? event.caller.number : null;
    this.#behind.add(call.id, (waiting) => {
      const pending: Pending = waiting ?? { call, kept: [], token: null, written: new Set() };
      pending.kept.push(kept);
      // Made out here, or it had to be opened again to be filed.
      if (named !== null) pending.token = this.#vault.partyTokens(named)[0] ?? null;
      return pending;
    });
  }

  /** Null when nothing is kept of it. Throws StoreUnavailableError. */
  async read(callId: string): Promise<CallTrace | null> {
    const texts = await guarded(() => this.#client.lrange(traceKey(callId), 0, -1));
    return this.#traceOf(callId, texts);
  }

  /** Newest first. Throws ListingTooLongError. */
  async list(query: TraceQuery): Promise<{ traces: readonly CallTrace[]; total: number }> {
    const scopes = query.accountIds ?? [ALL];
    const [scope] = scopes;
    if (scope === undefined) return { traces: [], total: 0 };
    if (scopes.length > 1) throw new TypeError('one account is listed, or all');
    const by = (name: string): string => listingKey('traces', scope, name);
    const groups = [
      ...(query.isLive === true ? [[by(LIVE)]] : []),
      ...(query.caller === undefined
        ? []
        : [this.#vault.partyTokens(query.caller).map((token) => by(`from:${token}`))]),
      ...(query.number === undefined ? [] : [[by(`to:${query.number}`)]]),
      ...(query.sessionId === undefined ? [] : [[by(`session:${query.sessionId}`)]]),
      ...(query.outcome === undefined ? [] : [[by(`outcome:${query.outcome}`)]]),
    ];
    const [first = [listingKey('traces', scope)], ...others] = groups;
    const { entries, total } = await this.#listing.page({
      keys: first,
      span: query.started,
      limit: query.limit,
      offset: query.offset,
      ...(others.length === 0 ? {} : { alsoIn: others }),
    });
    const read = await Promise.all(entries.map((id) => this.read(id)));
    // A trace may be forgotten before it leaves the listing.
    const kept = read.filter((trace) => trace !== null);
    if (query.isLive !== true) return { traces: kept, total };
    const live = kept.filter((trace) => !isOver(trace, this.#now()));
    // Two controllers may have told of a call's end and of its beginning in the wrong order.
    const left = entries.filter((id) => !live.some(({ call }) => call.id === id));
    await Promise.all(left.map((id) => this.#listing.remove([by(LIVE)], id)));
    return { traces: live, total: total - left.length };
  }

  /** Resolves once what was noted is written, or could not be. */
  async flush(): Promise<void> {
    await this.#behind.flush();
  }

  /** Writes what waits, for one second at most. */
  async close(): Promise<void> {
    await this.#behind.close();
  }

  /** Each of its writes once, however often it is tried. */
  async #write({ call, kept, token, written }: Pending): Promise<void> {
    const texts = kept.map((step) => JSON.stringify(step));
    const once = async (
      what: 'trace' | 'feed' | 'listings',
      write: () => Promise<unknown>,
    ): Promise<void> => {
      if (written.has(what)) return;
      await write();
      written.add(what);
    };
    const done = await Promise.allSettled([
      once('trace', () => this.#writeTrace(call.id, texts)),
      once('feed', () => this.#feed.add('', fedOf(call.id, kept, texts))),
      once('listings', () => this.#file(call.id, kept, token)),
    ]);
    const failed = done.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #writeTrace(callId: string, texts: readonly string[]): Promise<void> {
    const args = [this.#retention, MOST_STEPS, ...texts];
    const left = Number(await this.#scripts.run('note-trace', [traceKey(callId)], args));
    if (left > 0) this.#onLost(left);
  }

  /** Everything that finds the call again is filed under when it began, as far as the step tells. */
  async #file(callId: string, kept: readonly Kept[], token: string | null): Promise<void> {
    const filed = new Map<number, Set<string>>();
    const left = kept
      .filter(isEnd)
      .flatMap((step) => scopesOf(step).map((scope) => listingKey('traces', scope, LIVE)));
    for (const step of kept) {
      const scopes = scopesOf(step);
      const names = namesFor(step, token);
      const at = step.step === 'ended' ? step.startedAt : step.at;
      for (const scope of scopes) {
        for (const name of names) {
          const key = listingKey('traces', scope, name);
          if (!left.includes(key)) filed.set(at, (filed.get(at) ?? new Set()).add(key));
        }
      }
    }
    await Promise.all(
      [...filed].map(([at, keys]) => this.#listing.add([...keys], callId, at, this.#retention)),
    );
    // After what files it under the calls that are not over, which may come as late as this.
    await this.#listing.remove(left, callId);
  }

  #traceOf(callId: string, texts: readonly string[]): CallTrace | null {
    const kept = texts.map((text) => JSON.parse(text) as Kept);
    if (kept.length === 0) return null;
    const latest = <T>(of: (step: Kept) => T | null): T | null =>
      kept.map(of).findLast((each) => each !== null) ?? null;
    const received = kept.find((each) => each.step === 'received');
    const caller = received?.caller == null ? null : this.#open(callId, received.caller);
    const steps = kept.map((each) => stepOf(each, caller));
    return {
      call: {
        id: callId,
        node: latest(({ node }) => node) ?? '',
        number: latest(({ did }) => did),
        sessionId: latest(({ session }) => session),
        accountId: latest(({ account }) => (account === '' ? null : account)) ?? '',
      },
      caller,
      steps,
      summary: summaryOf(steps),
    };
  }

  #seal(callId: string, caller: Caller | null): string | null {
    if (caller === null) return null;
    return caller.kind === 'anonymous' ? '' : this.#vault.seal(caller.number, contextOf(callId));
  }

  #open(callId: string, sealed: string): Caller | null {
    if (sealed === '') return ANONYMOUS;
    const number = openCaller(this.#vault, callId, sealed);
    return number === null ? null : { kind: 'number', number };
  }
}

function stepOf(kept: Kept, caller: Caller | null): TraceStep {
  const { at } = kept;
  return kept.step === 'received' ? { step: kept.step, caller, at } : kept;
}

/** The caller whom a step of a trace names, as it is stored; null for nobody. */
export function callerIn(vault: Vault, callId: string, text: string): E164 | null {
  const step = JSON.parse(text) as Kept;
  return step.step !== 'received' || step.caller === null ? null : openCaller(vault, callId, step.caller);
}

/** Null when no data key opens it any more. */
function openCaller(vault: Vault, callId: string, sealed: string): E164 | null {
  if (sealed === '') return null;
  try {
    return vault.open(sealed, contextOf(callId)) as E164;
  } catch (error) {
    if (error instanceof UnreadableDocumentError) return null;
    throw error;
  }
}

/** A caller sealed for one trace says nothing in another. */
function contextOf(callId: string): string {
  return `trace\0${callId}`;
}

/** Steps as the feed has them, which names no caller. `texts`: the same as they are kept. */
function fedOf(id: string, kept: readonly Kept[], texts: readonly string[]): string {
  const steps = kept.map((step, index) =>
    step.step === 'received' ? JSON.stringify({ ...step, caller: null }) : (texts[index] ?? ''),
  );
  return `{"id":${JSON.stringify(id)},"steps":[${steps.join(',')}]}`;
}

/** Listings that a step files its call in. `token`: the caller's; null when nobody is named. */
function namesFor(step: Kept, token: string | null): string[] {
  switch (step.step) {
    case 'received':
      return [
        ...['', LIVE],
        ...(step.did === null ? [] : [`to:${step.did}`]),
        ...(token === null ? [] : [`from:${token}`]),
      ];
    case 'claimed':
      return step.session === null ? [] : [`session:${step.session}`];
    case 'announced':
      return ['outcome:announced'];
    case 'refused':
      return ['outcome:refused'];
    case 'ended':
      return endedAs(step);
    case 'decided':
    case 'prompted':
    case 'keyed':
    case 'dialed':
    case 'ringing':
    case 'answered':
    case 'joined':
      return [];
  }
}

function scopesOf({ account }: Kept): string[] {
  return account.startsWith('SA') ? [ALL, account] : [ALL];
}

function isEnd(step: Kept): boolean {
  return step.step === 'refused' || (step.step === 'ended' && step.leg === 'a');
}

/** `now` in milliseconds since the epoch. */
function isOver({ steps, summary }: CallTrace, now: number): boolean {
  if (summary.endedAt !== null) return true;
  const last = Math.max(...steps.map(({ at }) => at));
  return now - last > SILENT_FOR && !steps.some(({ step }) => step === 'dialed');
}

function endedAs({ leg, bridgedAt, session, ledTo }: Extract<Kept, { step: 'ended' }>): string[] {
  if (leg !== 'a') return [];
  if (session !== null) return [`outcome:${bridgedAt === null ? 'unanswered' : 'connected'}`];
  if (isUnavailable({ ledTo })) return ['outcome:refused'];
  // The others were filed when they were announced or refused.
  return ['', 'prompt', 'ask-again'].includes(ledTo) ? ['outcome:abandoned'] : [];
}
