import type { Interaction } from '../masking/interaction.js';
import { digitsOf, isE164, type E164 } from '../masking/phone-number.js';
import type { Recording } from '../masking/recording.js';
import type { MaskingSession } from '../masking/session.js';
import type { CallbackLog } from './callback-log.js';
import { interactionFrom, sessionFrom } from './documents.js';
import { UnreadableDocumentError } from './errors.js';
import { callerIn } from './call-traces.js';
import { numberKey } from './keys.js';
import { everyKey } from './keyspace.js';
import type { Outbox } from './outbox.js';
import type { RecordingRepository } from './recording-repository.js';
import type { RedisClient } from './redis.js';
import { guarded, type Reply, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** What is stored of one person. */
export interface Findings {
  /** Sessions that the person is a party of. */
  readonly sessions: MaskingSession[];
  /** Sessions of others in which the person took the missing party's place last. */
  readonly peers: MaskingSession[];
  /** Interactions that joined the person's phone, in sessions of whomever. */
  readonly interactions: Interaction[];
  /** Callbacks that name the person. */
  readonly callbacks: { readonly number: E164; readonly sessionId: string; readonly sequence: number }[];
  /** Entries of outboxes that name the person, as they are stored. */
  readonly events: { readonly number: E164; readonly raw: string }[];
  readonly recordings: Recording[];
  /** Keys that are called after the person: routes, memories, listings, counts. */
  readonly keys: string[];
  /** Documents that no data key opens any more: nobody can tell whom they name. */
  unreadable: number;
}

export interface PersonSearchOptions {
  readonly client: RedisClient;
  readonly scripts: Scripts;
  readonly vault: Vault;
  readonly callbacks: CallbackLog;
  readonly outbox: Outbox;
  readonly recordings: RecordingRepository;
}

/** A call's trace names the caller. */
const TRACE = /^maskline:trace:\{([^}]+)\}$/;

/** Kinds of documents on a virtual number; as in lua/include/number.lua and callbacks.lua. */
const DOCUMENT = /^maskline:\{(\+\d+)\}:(?:(session|call|callbacks|recording):([^:]+)|(outbox))$/;

/**
 * Finds everything that is stored of a person, by opening every document. No index leads to all of it: a
 * stranger who keyed a wrong PIN is named in a callback of somebody else's session.
 */
export class PersonSearch {
  readonly #options: PersonSearchOptions;

  constructor(options: PersonSearchOptions) {
    this.#options = options;
  }

  /** `now` in milliseconds since the epoch. Throws StoreUnavailableError. */
  async find(person: E164, now: number): Promise<Findings> {
    const findings: Findings = {
      ...{ sessions: [], peers: [], interactions: [], callbacks: [], events: [], recordings: [], keys: [] },
      unreadable: 0,
    };
    const tokens = this.#options.vault.partyTokens(person);
    const seen = new Set<string>();
    for await (const keys of everyKey(this.#options.client)) {
      const fresh = keys.filter((key) => !seen.has(key) && this.#isOurs(key, tokens));
      for (const key of fresh) seen.add(key);
      await Promise.all(fresh.map((key) => this.#look(key, person, tokens, now, findings)));
    }
    await this.#addCallsOf(findings);
    return findings;
  }

  #isOurs(key: string, tokens: readonly string[]): boolean {
    return DOCUMENT.test(key) || TRACE.test(key) || tokens.some((token) => key.includes(token));
  }

  async #look(
    key: string,
    person: E164,
    tokens: readonly string[],
    now: number,
    findings: Findings,
  ): Promise<void> {
    if (tokens.some((token) => key.includes(token))) {
      findings.keys.push(key);
      return;
    }
    const [, callId] = TRACE.exec(key) ?? [];
    if (callId !== undefined) {
      if (await this.#isCaller(key, callId, person)) findings.keys.push(key);
      return;
    }
    const [, number = '', kind = '', id = '', outbox] = DOCUMENT.exec(key) ?? [];
    if (!isE164(number)) return;
    try {
      if (kind === 'session') await this.#lookAtSession(number, id, person, now, findings);
      else if (kind === 'call') await this.#lookAtCall(key, number, id, person, findings);
      else if (kind === 'recording') await this.#lookAtRecording(id, person, findings);
      else if (kind === 'callbacks') {
        const named = await this.#callbacksNaming(key, number, id, digitsOf(person));
        findings.callbacks.push(...[...named].map((sequence) => ({ number, sessionId: id, sequence })));
      } else if (outbox !== undefined) {
        const named = await this.#options.outbox.naming(number, digitsOf(person));
        findings.events.push(...named.map((raw) => ({ number, raw })));
      }
    } catch (error) {
      if (!(error instanceof UnreadableDocumentError)) throw error;
      findings.unreadable += 1;
    }
  }

  async #lookAtSession(number: E164, id: string, person: E164, now: number, found: Findings): Promise<void> {
    const { scripts, vault } = this.#options;
    const [fields] = (await scripts.run('peek-session', [numberKey(number)], [id])) as [Reply, number];
    const session = sessionFrom(vault, number, fields, now);
    if (session === null) return;
    if (session.firstParty === person || session.secondParty === person) found.sessions.push(session);
    else if (session.lastPeer === person) found.peers.push(session);
  }

  /** What else happened in the sessions that are to go: others' calls, and those of which only the end was heard. */
  async #addCallsOf(found: Findings): Promise<void> {
    const { scripts, vault } = this.#options;
    const known = new Set(found.interactions.map(({ id }) => id));
    for (const { id, virtualNumber: number } of found.sessions) {
      const [, calls] = (await scripts.run('read-session', [numberKey(number)], [id])) as [Reply, Reply[]];
      for (let index = 0; index + 1 < calls.length; index += 2) {
        const callId = String(calls[index]);
        if (known.has(callId)) continue;
        const interaction = interactionFrom(vault, callId, number, calls[index + 1] ?? null);
        if (interaction !== null) found.interactions.push(interaction);
      }
    }
  }

  async #lookAtCall(key: string, number: E164, id: string, person: E164, found: Findings): Promise<void> {
    const { client, vault } = this.#options;
    const fields = await guarded(() => client.hgetall(key));
    // Not begun, and no leg of it has ended: it names nobody.
    if (fields['sessionId'] === undefined || fields['people'] === undefined) return;
    const interaction = interactionFrom(vault, id, number, Object.entries(fields).flat());
    const people = interaction?.people;
    if (people?.a === person || people?.b === person) found.interactions.push(interaction as Interaction);
  }

  async #isCaller(key: string, callId: string, person: E164): Promise<boolean> {
    const steps = await guarded(() => this.#options.client.lrange(key, 0, -1));
    return steps.some((step) => callerIn(this.#options.vault, callId, step) === person);
  }

  /** Those whose record, answers, or the entry that they are yet to be made from, name the person. */
  async #callbacksNaming(key: string, number: E164, id: string, digits: string): Promise<Iterable<number>> {
    const { client, callbacks, outbox } = this.#options;
    const fields = await guarded(() => client.hgetall(key));
    const unmade = Object.entries(fields)
      .filter(([field, raw]) => field.endsWith(':entry') && outbox.isNaming(number, raw, digits))
      .map(([field]) => parseInt(field, 10));
    return new Set([...(await callbacks.naming(number, id, digits)), ...unmade]);
  }

  async #lookAtRecording(id: string, person: E164, found: Findings): Promise<void> {
    const recording = await this.#options.recordings.get(id);
    if (recording?.from === person || recording?.to === person) found.recordings.push(recording);
  }
}
