import type { CallRecords } from './calls/records.js';
import type { Config } from './config.js';
import { CdrServer } from './freeswitch/cdr-server.js';
import { CdrSpool } from './freeswitch/cdr-spool.js';
import { cdrSubject, cdrUuid, legFromCdr, unmarkedLegFromCdr } from './freeswitch/leg-record.js';
import { StoreUnavailableError } from './store/index.js';
import type { Logger } from './telemetry/logger.js';

export interface CdrIntakeOptions {
  readonly config: Pick<Config, 'questions' | 'cdrPort' | 'folders'>;
  readonly records: CallRecords;
  readonly log: Logger;
}

/**
 * Both ways by which CDRs come in: FreeSWITCH writes each to its disk, then posts it. What was posted and
 * taken needs no second look, so its file goes, where the disk is shared with us.
 */
export class CdrIntake {
  readonly #records: CallRecords;
  readonly #log: Logger;
  readonly #server: CdrServer;
  readonly #spool: CdrSpool;

  constructor({ config, records, log }: CdrIntakeOptions) {
    this.#records = records;
    this.#log = log;
    const isOutage = (error: unknown): boolean => error instanceof StoreUnavailableError;
    this.#spool = new CdrSpool({
      folder: config.folders.cdr,
      handle: async (document) => {
        await this.#record(document);
      },
      isOutage,
      subjectOf: cdrSubject,
      log,
    });
    const { host, secret, allow } = config.questions;
    this.#server = new CdrServer({
      ...{ host, secret, allow, port: config.cdrPort, isOutage, subjectOf: cdrSubject, log },
      handle: async (document) => {
        const isComplete = await this.#record(document);
        this.#log.debug(cdrSubject(document), 'a CDR was taken from a post');
        // The leg is recorded by now: a file that stays is only read once more.
        if (isComplete) this.#spool.drop(cdrUuid(document));
      },
    });
  }

  /** Rejects with the system's error, such as EADDRINUSE. */
  async start(): Promise<void> {
    await this.#server.listen();
    this.#spool.start();
  }

  /** Waits for the documents in progress. */
  async stop(): Promise<void> {
    await this.#server.close();
    // After the last post: what it drops goes too.
    await this.#spool.stop();
  }

  /** Whether the end of this channel is known and only has to be written. Rejects with the system's error. */
  async holds(uuid: string): Promise<boolean> {
    return this.#spool.holds(uuid);
  }

  /**
   * False for a leg without marks: it may have hung up while its question is still being decided, and the
   * claim that follows is found by a second look at the file.
   */
  async #record(document: unknown): Promise<boolean> {
    const ended = legFromCdr(document);
    if (ended !== null) await this.#records.ended(ended);
    const unmarked = unmarkedLegFromCdr(document);
    if (unmarked !== null) await this.#records.endedUnmarked(unmarked);
    return unmarked === null;
  }
}
