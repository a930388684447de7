import { MasklineError } from '../errors.js';

/**
 * The bucket did not do what it was asked for. `reason` is the server's or the system's code, such as AccessDenied or
 * ECONNREFUSED. Without a cause: what servers say of a wrong signature repeats what was signed.
 */
export class BucketError extends MasklineError {
  readonly code = 'ERR_BUCKET';

  constructor(readonly reason: string) {
    super(`the bucket for recordings cannot be used: ${reason}`);
  }
}

/** What is in the bucket is not what was sent there. */
export class ObjectMismatchError extends MasklineError {
  readonly code = 'ERR_OBJECT_MISMATCH';
}

/** An object that should be in the bucket is not there. */
export class ObjectMissingError extends MasklineError {
  readonly code = 'ERR_OBJECT_MISSING';
}

/** Words of the client for an answer without a body, which say nothing. */
const NO_REASON: ReadonlySet<string> = new Set(['Error', 'Unknown', 'UnknownError', '']);

/** The server's or the system's code for what went wrong with a request to the bucket. */
export function reasonFor(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { name, code, $metadata } = error as Error & {
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return NO_REASON.has(name) || /^\d+$/.test(name) ? `HTTP ${status}` : name;
  if (typeof code === 'string' && code !== '' && code !== 'ABORT_ERR') return code;
  if (name === 'TimeoutError' || name === 'AbortError') return 'ETIMEDOUT';
  return NO_REASON.has(name) ? 'unknown' : name;
}

/** Whether the server said that there is no such object; a HEAD is answered without more words than 404. */
export function isObjectMissing(reason: string): boolean {
  return reason === 'NoSuchKey' || reason === 'NotFound' || reason === 'HTTP 404';
}
