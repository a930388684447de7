import type { Interaction } from '../masking/interaction.js';
import { digitsOf, type E164 } from '../masking/phone-number.js';
import type { MaskingSession } from '../masking/session.js';
import type { CallLog } from './call-log.js';
import { PersonInCallError } from './errors.js';
import { numberKey, pointerKey } from './keys.js';
import type { Outbox } from './outbox.js';
import { PersonSearch, type Findings, type PersonSearchOptions } from './person-search.js';
import type { PromptUrls } from './prompt-urls.js';
import { guarded } from './scripts.js';
import { placeOf, type SessionIndex } from './session-index.js';
import { tokensOf } from './session-tokens.js';

export interface PersonEraserOptions extends PersonSearchOptions {
  readonly outbox: Outbox;
  readonly callLog: CallLog;
  readonly index: SessionIndex;
  readonly promptUrls: PromptUrls;
}

/** What a script is to remove of one session. */
interface Part {
  readonly number: E164;
  readonly sessionId: string;
  whole: MaskingSession | null;
  readonly calls: string[];
  readonly callbacks: number[];
  peer: boolean;
}

/** Removes what is stored of a person. Each step can be done again; what a crash leaves is found again. */
export class PersonEraser {
  readonly #options: PersonEraserOptions;
  readonly #search: PersonSearch;

  constructor(options: PersonEraserOptions) {
    this.#options = options;
    this.#search = new PersonSearch(options);
  }

  /**
   * What is stored of the person, with the interactions of sessions that are to go. `now` in milliseconds since
   * the epoch. Throws PersonInCallError, StoreUnavailableError.
   */
  async find(person: E164, now: number): Promise<Findings> {
    const findings = await this.#search.find(person, now);
    const running = (session: MaskingSession): boolean => session.inProgress;
    if (findings.sessions.some(running) || (await this.#isOnTheLine(findings, now))) {
      throw new PersonInCallError('a call of the person is up');
    }
    return findings;
  }

  /** Removes everything in Redis that was found. Throws PersonInCallError when a call began meanwhile. */
  async erase(person: E164, findings: Findings, now: number): Promise<void> {
    const { client, outbox, promptUrls } = this.#options;
    const sessions = new Map(findings.sessions.map((session) => [session.id, session]));
    for (const interaction of findings.interactions) await this.#forgetLegs(interaction, sessions, now);
    for (const { number, raw } of findings.events) await outbox.remove(number, raw);
    for (const part of partsOf(findings)) await this.#erasePart(part, now);
    await promptUrls.forgetNaming(digitsOf(person));
    // Last: by them a session that is still there would be found by its parties.
    for (const key of findings.keys) await guarded(() => client.unlink(key));
  }

  async #isOnTheLine({ interactions }: Findings, now: number): Promise<boolean> {
    for (const { stage, ...address } of interactions) {
      if (stage === 'ended') continue;
      const logged = await this.#options.callLog.read(
        { ...address, number: address.virtualNumber, interactionId: address.id },
        now,
      );
      if (logged?.session.inProgress === true) return true;
    }
    return false;
  }

  /** Takes the legs out of the listings and lets go of their pointers, while their session can be read. */
  async #forgetLegs(
    interaction: Interaction,
    sessions: ReadonlyMap<string, MaskingSession>,
    now: number,
  ): Promise<void> {
    const { callLog } = this.#options;
    const { virtualNumber: number, sessionId, id: interactionId } = interaction;
    const session =
      sessions.get(sessionId) ?? (await callLog.read({ number, sessionId, interactionId }, now))?.session;
    await callLog.forget(interaction, session ?? null);
  }

  async #erasePart({ number, sessionId, whole, calls, callbacks, peer }: Part, now: number): Promise<void> {
    const { client, scripts, vault, index } = this.#options;
    // Ahead of the session: without an entry it cannot be listed, the reverse would be a hole in a list.
    if (whole !== null) await index.withdraw(placeOf(whole));
    const what = {
      whole: whole !== null,
      tokens: whole === null ? null : (JSON.parse(tokensOf(vault, whole)) as unknown),
      ...{ calls, callbacks, peer },
    };
    const args = [sessionId, now, JSON.stringify(what)];
    if ((await scripts.run('erase-session', [numberKey(number)], args)) === 'in-call') {
      throw new PersonInCallError('a call of the person began meanwhile');
    }
    if (whole !== null) await guarded(() => client.del(pointerKey(sessionId)));
  }
}

/** What was found, by session. */
function partsOf({ sessions, peers, interactions, callbacks }: Findings): Iterable<Part> {
  const parts = new Map<string, Part>();
  const partOf = (number: E164, sessionId: string): Part => {
    const part = parts.get(sessionId) ?? {
      number,
      sessionId,
      whole: null,
      calls: [],
      callbacks: [],
      peer: false,
    };
    parts.set(sessionId, part);
    return part;
  };
  for (const session of sessions) partOf(session.virtualNumber, session.id).whole = session;
  for (const session of peers) partOf(session.virtualNumber, session.id).peer = true;
  for (const { virtualNumber, sessionId, id } of interactions)
    partOf(virtualNumber, sessionId).calls.push(id);
  for (const { number, sessionId, sequence } of callbacks) partOf(number, sessionId).callbacks.push(sequence);
  return parts.values();
}
