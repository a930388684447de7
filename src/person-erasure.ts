import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { MasklineError } from './errors.js';
import type { Erased } from './masking/erased.js';
import { digitsOf, type E164 } from './masking/phone-number.js';
import type { Interaction } from './masking/interaction.js';
import type { RecordingObjects } from './recordings/recording-objects.js';
import type { RecordingService } from './recordings/recording-service.js';
import type { Findings, Lease, Store } from './store/index.js';
import type { Logger } from './telemetry/logger.js';
import { missingAs } from './missing-file.js';

/** One erasure at a time on a controller: each goes over all that is stored. */
export class ErasureRunningError extends MasklineError {
  readonly code = 'ERR_ERASURE_RUNNING';
}

export interface PersonErasureOptions {
  readonly store: Pick<Store, 'persons' | 'traces' | 'recordings' | 'callLog'>;
  readonly recordings: Pick<RecordingService<Lease>, 'keeper' | 'files'> & {
    /** What removes them from a bucket; none by default. */
    readonly objects?: Pick<RecordingObjects, 'undiscarded'>;
  };
  /** Absolute path of the folder with call records. */
  readonly cdrFolder: string;
  readonly now: () => number;
  readonly log: Logger;
}

/** Times that everything is looked through: what is created meanwhile is found by the next. */
const MOST_ROUNDS = 4;

/** Removes everything that is stored of a person: in Redis, and in the folders of this controller. */
export class PersonErasure {
  readonly #options: PersonErasureOptions;
  #running = false;

  constructor(options: PersonErasureOptions) {
    this.#options = options;
  }

  /** Throws PersonInCallError, ErasureRunningError, StoreUnavailableError, and the system's errors. */
  async erase(person: E164): Promise<Erased> {
    if (this.#running) throw new ErasureRunningError('an erasure is under way');
    this.#running = true;
    try {
      return await this.#erase(person);
    } finally {
      this.#running = false;
    }
  }

  async #erase(person: E164): Promise<Erased> {
    const { store, now, log } = this.#options;
    const sum = { sessions: 0, interactions: 0, callbacks: 0, recordings: 0, keys: 0, records: 0 };
    let unreadable = 0;
    let complete = false;
    // What is yet to be written of calls would come back after the person has gone.
    await store.traces.flush();
    for (let round = 1; round <= MOST_ROUNDS && !complete; round += 1) {
      const findings = await store.persons.find(person, now());
      sum.records += await this.#removeRecords(person);
      sum.recordings += await this.#removeRecordings(findings);
      await store.persons.erase(person, findings, now());
      sum.sessions += findings.sessions.length;
      sum.interactions += findings.interactions.length;
      sum.callbacks += findings.callbacks.length + findings.events.length;
      sum.keys += findings.keys.length;
      unreadable = findings.unreadable;
      complete = isNothing(findings);
    }
    // Whose they are nobody knows any more: while the bucket has to remove any, it may be this person's.
    const objects = (await this.#options.recordings.objects?.undiscarded()) ?? 0;
    const erased: Erased = { ...sum, unreadable, complete: complete && objects === 0 };
    log.info({ ...erased, objects }, 'a person was erased');
    return erased;
  }

  /** Files go ahead of what names them, so that none is left that nobody knows. */
  async #removeRecordings({ recordings, interactions }: Findings): Promise<number> {
    const { keeper } = this.#options.recordings;
    for (const recording of recordings) await keeper.remove(recording);
    const known = new Set(recordings.map(({ id }) => id));
    const others = interactions.filter(({ id, recording }) => recording !== '' && !known.has(id));
    let removed = recordings.length;
    for (const interaction of others) {
      // Its record names who called and the virtual number; whoever was called is heard in it as well.
      const recording = await this.#options.store.recordings.get(interaction.id);
      if (recording === null) {
        removed += await this.#removeUnentered(interaction);
        continue;
      }
      await keeper.remove(recording);
      removed += 1;
    }
    return removed;
  }

  /** The file of a call whose recording was not entered yet. */
  async #removeUnentered({ id, recording, virtualNumber, sessionId }: Interaction): Promise<number> {
    const { files } = this.#options.recordings;
    const isThere = await files.has(recording);
    if (isThere) await files.remove(recording);
    const address = { number: virtualNumber, sessionId, interactionId: id };
    await this.#options.store.recordings.done({ task: 'enter', ...address, file: '' });
    return isThere ? 1 : 0;
  }

  /** Call records that wait, or were set aside: they hold numbers in clear. */
  async #removeRecords(person: E164): Promise<number> {
    const { cdrFolder } = this.#options;
    let removed = 0;
    for (const folder of [cdrFolder, join(cdrFolder, 'rejected')]) {
      for (const name of await readdir(folder).catch(missingAs<string[]>([]))) {
        if (!name.endsWith('.cdr.json')) continue;
        const path = join(folder, name);
        const text = await readFile(path, 'utf8').catch(missingAs(''));
        if (!text.includes(digitsOf(person))) continue;
        await rm(path, { force: true });
        removed += 1;
      }
    }
    return removed;
  }
}

function isNothing({
  sessions,
  peers,
  interactions,
  callbacks,
  events,
  recordings,
  keys,
}: Findings): boolean {
  return [sessions, peers, interactions, callbacks, events, recordings, keys].every(
    (found) => found.length === 0,
  );
}
