import type { Interaction } from './interaction.js';
import type { E164 } from './phone-number.js';
import type { RecordFormat } from './session.js';

/**
 * `partial`: there is audio, but less than people talked, or its end is cut off. `failed`: there is none,
 * although there should be.
 */
export type RecordingState = 'completed' | 'partial' | 'failed';

/** What is wrong with a recording; "" for nothing. */
export type RecordingProblem = '' | 'missing' | 'empty' | 'unreadable' | 'short' | 'cut';

/** How much is in an object, and its MD5 in hexadecimal digits. */
export interface ObjectFacts {
  readonly bytes: number;
  readonly md5: string;
}

/** The recording of one interaction. Instants are milliseconds since the epoch. */
export interface Recording {
  /** The interaction's id, and the name of the file without its format. */
  readonly id: string;
  readonly sessionId: string;
  readonly accountId: string;
  readonly virtualNumber: E164;
  /** Of the recorded leg, the A leg. E.164; null when withheld. */
  readonly from: E164 | null;
  readonly to: E164;
  readonly format: RecordFormat;
  readonly state: RecordingState;
  readonly problem: RecordingProblem;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** When it was entered: some seconds after the call at least. */
  readonly addedAt: number;
  /** Its object in the bucket, and since when that is there; absent while the audio is in the folder alone. */
  readonly stored?: ObjectFacts & { readonly at: number };
}

/** What a look at a recording's file found. */
export type FileFound =
  | { readonly kind: 'missing' }
  | { readonly kind: 'empty' | 'unreadable'; readonly bytes: number; readonly changedAt: number }
  | {
      readonly kind: 'audio';
      readonly bytes: number;
      /** Milliseconds since the epoch. */
      readonly changedAt: number;
      readonly durationMs: number;
      /** False when the file says itself that its end is not there. */
      readonly whole: boolean;
    };

/** What became of a recording, or that it cannot be told yet, or that there was nothing to record. */
export type Verdict =
  | 'wait'
  | 'nothing'
  | Pick<Recording, 'state' | 'problem' | 'startedAt' | 'endedAt' | 'durationMs' | 'bytes'>;

/** A file that has not changed for so long is closed. Milliseconds, as all below. */
const SETTLED_MS = 3_000;
/** A file may come late over a network, and FreeSWITCH closes it after the hangup. */
const LATE_MS = 10_000;
/** A file that still changes so long after its call is not that call's any more. */
const LONGEST_MS = 120_000;
/** Audio may be so much shorter than the talk, and a hundredth of it: joining, frames, clocks. */
const TOLERANCE_MS = 2_000;

/**
 * What a recording turned out to be, `now` milliseconds since the epoch, for an interaction that has ended.
 *
 * Pure. A file that holds what was said is complete at once; anything less may only be not closed yet.
 */
export function verdictOn(
  interaction: Pick<Interaction, 'connectedAt' | 'endedAt' | 'startedAt' | 'cause'>,
  found: FileFound,
  now: number,
): Verdict {
  const { connectedAt, startedAt, cause } = interaction;
  const endedAt = interaction.endedAt ?? now;
  const began = connectedAt ?? startedAt;
  const failed = (problem: RecordingProblem, bytes: number): Verdict => ({
    state: 'failed',
    problem,
    startedAt: began,
    endedAt: began,
    durationMs: 0,
    bytes,
  });
  if (found.kind === 'missing') {
    if (now - endedAt < LATE_MS) return 'wait';
    return connectedAt === null ? 'nothing' : failed('missing', 0);
  }
  const settled = now - found.changedAt >= SETTLED_MS || now - endedAt >= LONGEST_MS;
  if (found.kind !== 'audio') return settled ? failed(found.kind, found.bytes) : 'wait';
  const { durationMs, bytes, whole } = found;
  const talked = connectedAt === null ? 0 : endedAt - connectedAt;
  const problem: RecordingProblem =
    !whole || cause === 'CRASH' ? 'cut' : durationMs < talked * 0.99 - TOLERANCE_MS ? 'short' : '';
  if (problem !== '' && !settled) return 'wait';
  return {
    state: problem === '' ? 'completed' : 'partial',
    problem,
    startedAt: began,
    endedAt: began + durationMs,
    durationMs,
    bytes,
  };
}
