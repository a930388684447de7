import type { LegAddress } from '../calls/ports.js';
import type { Recording } from '../masking/recording.js';
import type { E164 } from '../masking/phone-number.js';
import type { RecordingEventData } from '../masking/session-event.js';
import { scopesOf } from './call-log.js';
import { listingKey, numberKey, recordingPointerKey, RECORDINGS_DUE_KEY } from './keys.js';
import type { Listing, Span } from './listing.js';
import type { Outbox } from './outbox.js';
import type { RedisClient } from './redis.js';
import { StoreUnavailableError } from './errors.js';
import { guarded, type Scripts } from './scripts.js';
import type { Vault } from './vault.js';

/** Which recordings a client asks for; what is not given does not matter. */
export interface RecordingQuery {
  /** Ids of the accounts whose recordings count; null for all. */
  readonly accountIds: readonly string[] | null;
  readonly sessionId?: string;
  readonly from?: E164;
  readonly to?: E164;
  /** Milliseconds since the epoch. */
  readonly added: Span;
  readonly limit: number;
  readonly offset: number;
}

/** Where a recording is, or is to be, kept. */
export type RecordingAddress = Pick<LegAddress, 'number' | 'sessionId' | 'interactionId'>;

/** Something that is to be done about a recording. */
export interface DueRecording extends RecordingAddress {
  /** `enter`: its interaction has ended. `remove`: record and file are to go. */
  readonly task: 'enter' | 'remove';
  /** File name for `remove`, "" otherwise. */
  readonly file: string;
}

/** Times that a document is read again because somebody else changed it. */
const MOST_CHANGES = 5;
/** Milliseconds after which what was taken and not done is given out again. */
const VISIBILITY = 30_000;
const ALL = 'all';

/**
 * Recordings: what is to be done about them, what became of them, and lists of them.
 *
 * Nothing here expires. A recording and its file go together, by whoever deletes it or by its age, and each
 * step of that can be done again.
 */
export class RecordingRepository {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;
  readonly #vault: Vault;
  readonly #outbox: Outbox;
  readonly #listing: Listing;

  constructor(client: RedisClient, scripts: Scripts, vault: Vault, outbox: Outbox, listing: Listing) {
    this.#client = client;
    this.#scripts = scripts;
    this.#vault = vault;
    this.#outbox = outbox;
    this.#listing = listing;
  }

  /** Lets something be done from `at` on, in milliseconds since the epoch; again without effect. */
  async schedule(due: DueRecording, at: number): Promise<void> {
    await guarded(() => this.#client.zadd(RECORDINGS_DUE_KEY, at, textOf(due)));
  }

  /** What is due, `limit` at most. It comes back after 30 s unless it is done or scheduled again. */
  async takeDue(now: number, limit: number): Promise<DueRecording[]> {
    const reply = await this.#scripts.run('take-due', [RECORDINGS_DUE_KEY], [now, limit, VISIBILITY]);
    return (reply as string[]).map(dueFrom);
  }

  async done(due: DueRecording): Promise<void> {
    await guarded(() => this.#client.zrem(RECORDINGS_DUE_KEY, textOf(due)));
  }

  /**
   * Enters what became of an interaction's recording (null: there was nothing to record), once. Answers
   * what is entered now: another's, when that came first; null when there is nothing.
   */
  async keep(address: RecordingAddress, recording: Recording | null, now: number): Promise<Recording | null> {
    const { number, sessionId, interactionId: id } = address;
    if (recording !== null) {
      const pointer = JSON.stringify({ number, sessionId, interactionId: id } satisfies RecordingAddress);
      await guarded(() => this.#client.set(recordingPointerKey(id), pointer));
    }
    void this.#outbox.mark(number);
    const reply = await this.#scripts.run(
      'keep-recording',
      [numberKey(number)],
      [
        ...[sessionId, id],
        recording === null ? '' : this.#vault.seal(JSON.stringify(recording), context(number)),
        now,
        recording === null ? '' : JSON.stringify(toldOf(recording)),
      ],
    );
    if (reply === 2) this.#outbox.appended(number);
    const kept = await this.#read(number, id);
    if (kept === null) await guarded(() => this.#client.del(recordingPointerKey(id)));
    // Also when it was entered before: whoever entered it may have been killed ahead of this.
    else await this.#listing.add(this.#listingsOf(kept, false), entryOf(kept), kept.addedAt, null);
    return kept;
  }

  /** Notes that a recording is in the bucket. False when the recording is not known any more. */
  async noteStored(recording: Recording, stored: NonNullable<Recording['stored']>): Promise<boolean> {
    const { id, virtualNumber: number } = recording;
    for (let tries = 0; tries < MOST_CHANGES; tries += 1) {
      const sealed = await this.#scripts.run('read-recording', [numberKey(number)], [id]);
      if (typeof sealed !== 'string') return false;
      const changed = { ...(JSON.parse(this.#vault.open(sealed, context(number))) as Recording), stored };
      const args = [id, sealed, this.#vault.seal(JSON.stringify(changed), context(number))];
      const reply = await this.#scripts.run('note-stored', [numberKey(number)], args);
      if (reply === 1) return true;
    }
    throw new StoreUnavailableError('a recording was changed again and again');
  }

  /** Throws UnreadableDocumentError. */
  async get(id: string): Promise<Recording | null> {
    const pointer = await guarded(() => this.#client.get(recordingPointerKey(id)));
    if (pointer === null) return null;
    return this.#read((JSON.parse(pointer) as RecordingAddress).number, id);
  }

  /** Whether recordings of these ids are known, in their order. */
  async areKnown(ids: readonly string[]): Promise<boolean[]> {
    const found = await Promise.all(
      ids.map((id) => guarded(() => this.#client.exists(recordingPointerKey(id)))),
    );
    return found.map((count) => count === 1);
  }

  /** Newest first. Throws ListingTooLongError, UnreadableDocumentError. */
  async list(query: RecordingQuery): Promise<{ recordings: readonly Recording[]; total: number }> {
    const scopes = query.accountIds ?? [ALL];
    const [scope] = scopes;
    // An account sees all, or one: there is no listing of a few.
    if (scope === undefined || scopes.length > 1) throw new TypeError('one account is listed, or all');
    const byPerson = (role: string, person: E164): string[] =>
      this.#vault.partyTokens(person).map((token) => listingKey('recordings', scope, `${role}:${token}`));
    const [first = [listingKey('recordings', scope)], ...others] = [
      ...(query.sessionId === undefined
        ? []
        : [[listingKey('recordings', scope, `session:${query.sessionId}`)]]),
      ...(query.from === undefined ? [] : [byPerson('from', query.from)]),
      ...(query.to === undefined ? [] : [byPerson('to', query.to)]),
    ];
    const { entries, total } = await this.#listing.page({
      keys: first,
      span: query.added,
      limit: query.limit,
      offset: query.offset,
      ...(others.length === 0 ? {} : { alsoIn: others }),
    });
    const recordings = await Promise.all(entries.map((entry) => this.#readEntry(entry)));
    return { recordings: recordings.filter((recording) => recording !== null), total };
  }

  /** The recordings that were entered first, up to `until` (milliseconds since the epoch), `limit` at most. */
  async oldest(until: number, limit: number): Promise<Recording[]> {
    const key = listingKey('recordings', ALL);
    const recordings: Recording[] = [];
    for (const entry of await this.#listing.oldest(key, until, limit)) {
      const recording = await this.#readEntry(entry);
      if (recording !== null) recordings.push(recording);
      // It was removed by somebody who was killed before the listings.
      else await this.#listing.remove([key], entry);
    }
    return recordings;
  }

  /** Removes everything that is known of a recording but that it once was. Its file is the caller's. */
  async forget({ number, interactionId: id }: RecordingAddress): Promise<void> {
    const recording = await this.#read(number, id);
    if (recording !== null) {
      await this.#listing.remove(this.#listingsOf(recording, true), entryOf(recording));
    }
    await guarded(() => this.#client.del(recordingPointerKey(id)));
    // Last: until then this can be begun again, with all that it needs to know.
    await this.#scripts.run('forget-recording', [numberKey(number)], [id]);
  }

  async #read(number: E164, id: string): Promise<Recording | null> {
    const sealed = await this.#scripts.run('read-recording', [numberKey(number)], [id]);
    if (typeof sealed !== 'string') return null;
    return JSON.parse(this.#vault.open(sealed, context(number))) as Recording;
  }

  async #readEntry(entry: string): Promise<Recording | null> {
    const [id = '', number = ''] = entry.split('|');
    return this.#read(number as E164, id);
  }

  /** `everywhere`: also where older data keys would have filed it. */
  #listingsOf(recording: Recording, everywhere: boolean): string[] {
    const tokens = (person: E164): string[] =>
      this.#vault.partyTokens(person).slice(0, everywhere ? undefined : 1);
    const { from, to, sessionId, accountId } = recording;
    const by = [
      '',
      `session:${sessionId}`,
      ...(from === null ? [] : tokens(from).map((token) => `from:${token}`)),
      ...tokens(to).map((token) => `to:${token}`),
    ];
    return scopesOf(accountId).flatMap((scope) => by.map((each) => listingKey('recordings', scope, each)));
  }
}

function toldOf(recording: Recording): RecordingEventData {
  const { state, problem, startedAt, endedAt, durationMs } = recording;
  return { state, problem, startedAt, endedAt, durationMs };
}

function entryOf(recording: Recording): string {
  return `${recording.id}|${recording.virtualNumber}`;
}

function textOf({ task, number, sessionId, interactionId, file }: DueRecording): string {
  return [task, number, sessionId, interactionId, file].join('|');
}

function dueFrom(text: string): DueRecording {
  const [task, number = '', sessionId = '', interactionId = '', file = ''] = text.split('|');
  return {
    task: task === 'remove' ? 'remove' : 'enter',
    number: number as E164,
    sessionId,
    interactionId,
    file,
  };
}

/** A document cannot be moved to another number. */
function context(number: E164): string {
  return `recording\0${number}`;
}
