import type { Recording } from '../masking/recording.js';
import type { DueRecording, Logged, RecordingAddress } from '../store/index.js';

/** What the keeping of recordings needs of the store. Instants are milliseconds since the epoch. */
export interface RecordingStore {
  takeDue(now: number, limit: number): Promise<readonly DueRecording[]>;
  schedule(due: DueRecording, at: number): Promise<void>;
  done(due: DueRecording): Promise<void>;
  keep(address: RecordingAddress, recording: Recording | null, now: number): Promise<Recording | null>;
  forget(address: RecordingAddress): Promise<void>;
  oldest(until: number, limit: number): Promise<readonly Recording[]>;
  areKnown(ids: readonly string[]): Promise<readonly boolean[]>;
}

/** Reads an interaction with its session. */
export interface InteractionReader {
  read(address: RecordingAddress, now: number): Promise<Logged | null>;
}
