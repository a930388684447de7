import type { ControllerReport, NodeReport } from './calls/node-report.js';
import { PollLoop } from './poll-loop.js';
import type { Logger } from './telemetry/logger.js';

export interface StatusReporterOptions {
  readonly identity: Pick<ControllerReport, 'id' | 'host' | 'version' | 'startedAt'>;
  readonly board: { report(report: ControllerReport): Promise<void>; leave(id: string): Promise<void> };
  /** How the nodes stand. Never rejects. */
  readonly nodes: () => Promise<readonly NodeReport[]>;
  /** Endpoints of nodes that this controller would take off another. */
  readonly wants: () => readonly string[];
  readonly log: Logger;
}

/** Milliseconds between two reports. */
const REPORT_MS = 5_000;

/** Tells, every few seconds, that this controller is there and how its nodes stand. By the real clock. */
export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #loop = new PollLoop(() => this.#report(), REPORT_MS);

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    const { board, identity, log } = this.#options;
    await board.leave(identity.id).catch((error: unknown) => {
      log.debug({ err: error }, 'the last report stays until it is too old');
    });
  }

  async #report(): Promise<boolean> {
    const { identity, board, nodes, wants, log } = this.#options;
    try {
      await board.report({ ...identity, at: Date.now(), nodes: await nodes(), wants: wants() });
    } catch (error) {
      log.debug({ err: error }, 'how this controller stands was not told');
    }
    return false;
  }
}
