import { endsOf, peopleOf } from '../masking/call.js';
import { verdictOn, type FileFound, type Recording, type Verdict } from '../masking/recording.js';
import { isOutage, type DueRecording, type Logged } from '../store/index.js';
import { PollLoop } from '../poll-loop.js';
import type { Logger } from '../telemetry/logger.js';
import type { InteractionReader, ObjectKeeper, RecordingStore } from './ports.js';

export interface RecordingKeeperOptions {
  readonly store: RecordingStore;
  readonly interactions: InteractionReader;
  readonly files: {
    look(name: string): Promise<FileFound>;
    repair(name: string): Promise<void>;
    remove(name: string): Promise<void>;
  };
  /** Where recordings are kept in a bucket as well; none by default. */
  readonly objects?: ObjectKeeper;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Milliseconds between two looks at what is due, when there was nothing. */
const POLL_MS = 500;
/** Tasks taken at a time. */
const BATCH = 20;
/** Milliseconds after which a file that was not ready is looked at again. */
const AGAIN_MS = 1_000;

/**
 * Enters recordings when their interactions have ended, and removes those that were deleted. Every
 * controller runs one; a task is taken by one of them, and comes back when that one dies over it.
 */
export class RecordingKeeper {
  readonly #options: RecordingKeeperOptions;
  readonly #loop = new PollLoop((signal) => this.#round(signal), POLL_MS);

  constructor(options: RecordingKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop.start();
  }

  /** Waits for the task in progress. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Removes a recording with file and object. Each step can be done again; what a crash leaves is done later. */
  async remove(recording: Recording): Promise<void> {
    const { store, now } = this.#options;
    const due: DueRecording = {
      task: 'remove',
      number: recording.virtualNumber,
      sessionId: recording.sessionId,
      interactionId: recording.id,
      file: `${recording.id}.${recording.format}`,
    };
    await store.schedule(due, now() + AGAIN_MS);
    await this.#removeFor(due);
  }

  /** True when there may be more to do at once. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { store, now, log } = this.#options;
    try {
      const tasks = await store.takeDue(now(), BATCH);
      for (const task of tasks) {
        if (signal.aborted) return false;
        await this.#carryOut(task);
      }
      return tasks.length === BATCH;
    } catch (error) {
      log.warn({ err: error }, 'what is due about recordings cannot be read');
      return false;
    }
  }

  async #carryOut(due: DueRecording): Promise<void> {
    try {
      if (due.task === 'remove') await this.#removeFor(due);
      else await this.#enter(due);
    } catch (error) {
      // Not done: it comes back.
      this.#options.log.error(
        { err: error, call: due.interactionId, session: due.sessionId, task: due.task },
        'a recording could not be dealt with',
      );
      if (isOutage(error)) await this.#handBack(due);
    }
  }

  /** For a store that was away for a moment: what was taken would not come back before its 30 s are over. */
  async #handBack(due: DueRecording): Promise<void> {
    const { store, now, log } = this.#options;
    try {
      await store.schedule(due, now() + AGAIN_MS);
    } catch (error) {
      log.debug({ err: error, call: due.interactionId }, 'a recording was not handed back');
    }
  }

  async #removeFor(due: DueRecording): Promise<void> {
    const { store, files, objects, log } = this.#options;
    // Without a bucket there may still be an object, of a time when there was one.
    const hasObject =
      objects !== undefined && (objects.isOn || (await store.get(due.interactionId))?.stored !== undefined);
    await files.remove(due.file);
    await store.forget(due);
    if (hasObject) await objects.discard(due.file);
    await store.done(due);
    log.info({ call: due.interactionId, session: due.sessionId }, 'a recording was removed');
  }

  async #enter(due: DueRecording): Promise<void> {
    const { store, interactions, files, objects, now, log } = this.#options;
    const logged = await interactions.read(due, now());
    // Forgotten meanwhile: its file, if there is one, will be reported as nobody's.
    if (logged === null || logged.interaction.recording === '') {
      await store.done(due);
      return;
    }
    const at = now();
    const file = logged.interaction.recording;
    const found = await files.look(file);
    const verdict = verdictOn(logged.interaction, found, at);
    if (verdict === 'wait') {
      await store.schedule(due, at + AGAIN_MS);
      return;
    }
    // Nobody writes it any more, and nobody else will close it.
    if (found.kind === 'audio' && !found.whole) await files.repair(file);
    const entered = await store.keep(
      due,
      verdict === 'nothing' ? null : recordingFrom(logged, verdict, at),
      at,
    );
    // Also when it was entered before: whoever entered it may have been killed ahead of this.
    if (entered !== null && entered.state !== 'failed' && entered.stored === undefined)
      await objects?.offer(file);
    await store.done(due);
    if (entered?.addedAt !== at) return;
    const { id, state, problem, durationMs, bytes } = entered;
    const level = state === 'completed' ? 'info' : 'warn';
    log[level](
      { call: id, session: due.sessionId, state, problem, durationMs, bytes },
      'a recording was entered',
    );
  }
}

function recordingFrom(
  { session, interaction }: Logged,
  verdict: Exclude<Verdict, string>,
  at: number,
): Recording {
  const { from, to } = endsOf('a', peopleOf(interaction, session), interaction.virtualNumber);
  return {
    id: interaction.id,
    sessionId: session.id,
    accountId: session.accountId,
    virtualNumber: interaction.virtualNumber,
    from,
    to,
    format: interaction.recording.endsWith('.wav') ? 'wav' : 'mp3',
    ...verdict,
    addedAt: at,
  };
}
