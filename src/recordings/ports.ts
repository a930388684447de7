import type { Recording } from '../masking/recording.js';
import type { DueRecording, Logged, RecordingAddress, RecordingTransfers } from '../store/index.js';

/** What the keeping of recordings needs of the store. Instants are milliseconds since the epoch. */
export interface RecordingStore {
  takeDue(now: number, limit: number): Promise<readonly DueRecording[]>;
  schedule(due: DueRecording, at: number): Promise<void>;
  done(due: DueRecording): Promise<void>;
  keep(address: RecordingAddress, recording: Recording | null, now: number): Promise<Recording | null>;
  forget(address: RecordingAddress): Promise<void>;
  oldest(until: number, limit: number): Promise<readonly Recording[]>;
  areKnown(ids: readonly string[]): Promise<readonly boolean[]>;
  get(id: string): Promise<Recording | null>;
  /** False when the recording is not known any more. */
  noteStored(recording: Recording, stored: NonNullable<Recording['stored']>): Promise<boolean>;
}

/** What is to be done between the folder and the bucket, by file name. */
export type RecordingTransferQueue = Pick<
  RecordingTransfers,
  'schedule' | 'add' | 'take' | 'hold' | 'done' | 'waiting'
>;

/** What has to know when a recording is complete, and when its record has gone. */
export interface ObjectKeeper {
  offer(name: string): Promise<void>;
  discard(name: string): Promise<void>;
  readonly isOn: boolean;
}

/** Reads an interaction with its session. */
export interface InteractionReader {
  read(address: RecordingAddress, now: number): Promise<Logged | null>;
}
