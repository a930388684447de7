import { join } from 'node:path';

import { MasklineError } from '../errors.js';

/** A recording's file name is not an id and a format. */
export class BadRecordingNameError extends MasklineError {
  readonly code = 'ERR_BAD_RECORDING_NAME';
}

/** An id, never a number, and the format. */
const FILE_NAME = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(?:mp3|wav)$/;

/** Whether a file's name is that of a recording: an id and a format, no folder. */
export function isRecordingName(name: string): boolean {
  return FILE_NAME.test(name);
}

/**
 * Absolute path of the recording `fileName` (`<uuid>.mp3` or `.wav`) in `folder`.
 * Throws BadRecordingNameError: the name goes into FreeSWITCH's arguments and may not lead elsewhere.
 */
export function recordingPath(folder: string, fileName: string): string {
  if (!FILE_NAME.test(fileName))
    throw new BadRecordingNameError('a recording is named <uuid>.mp3 or <uuid>.wav');
  return join(folder, fileName);
}
