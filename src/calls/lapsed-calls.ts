import { PollLoop } from '../poll-loop.js';
import type { Logger } from '../telemetry/logger.js';
import type { CallStore, LiveInteraction } from './ports.js';
import type { SightingStore } from './reconciler.js';
import { endWithoutRecord } from './without-record.js';

export interface LapsedCallsOptions {
  readonly store: Pick<CallStore, 'liveOn' | 'interaction' | 'openLegs' | 'finishLeg'>;
  /** Every name under which calls may be listed. */
  readonly names: () => Promise<readonly string[]>;
  readonly sightings: Pick<SightingStore, 'lastSeen'>;
  /** True while the record of a channel waits to be taken: it says more than we know. */
  readonly recordWaits: (uuid: string) => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Milliseconds between two rounds. Default one minute. */
  readonly intervalMs?: number;
}

/** Beyond the end of its claim, a call's CDR has had time to come, and controllers' clocks differ. Milliseconds. */
const MARGIN_MS = 300_000;

/**
 * Ends interactions that have outlived every limit of theirs and of which nothing was told: their node went away
 * and did not come back, so nobody reconciles it. Every controller looks: an end that two write is written once.
 */
export class LapsedCalls {
  readonly #options: LapsedCallsOptions;
  readonly #loop: PollLoop;

  constructor(options: LapsedCallsOptions) {
    this.#options = options;
    this.#loop = new PollLoop(async (signal) => {
      await this.round(signal);
      return false;
    }, options.intervalMs ?? 60_000);
  }

  start(): void {
    this.#loop.start();
  }

  /** Waits for the call in progress. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Looks once under every name. Never rejects; what could not be looked at is looked at in the next round. */
  async round(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { store, names, log } = this.#options;
    try {
      for (const name of await names()) {
        for (const live of await store.liveOn(name)) {
          if (signal.aborted) return;
          if (await this.#hasLapsed(live)) await this.#end(live, name);
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'calls that have outlived their limits could not be looked for');
    }
  }

  async #hasLapsed({ claimUntil, interactionId }: LiveInteraction): Promise<boolean> {
    const { now, recordWaits } = this.#options;
    return now() > claimUntil + MARGIN_MS && !(await recordWaits(interactionId));
  }

  async #end(live: LiveInteraction, name: string): Promise<void> {
    const { store, sightings, log } = this.#options;
    const [interaction, open, seen] = await Promise.all([
      store.interaction(live),
      store.openLegs(name),
      sightings.lastSeen(name),
    ]);
    log.warn(
      { call: live.interactionId, session: live.sessionId, node: name },
      'an interaction lapsed, and its node told nothing',
    );
    await endWithoutRecord(store, live, { interaction, open: open.get(live.interactionId) ?? [], seen });
  }
}
