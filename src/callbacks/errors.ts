import { MasklineError } from '../errors.js';
import type { FailureClass } from './delivery-rules.js';

export type CallbackErrorCode =
  | 'ERR_CALLBACK_CONNECT'
  | 'ERR_CALLBACK_CONNECT_TIMEOUT'
  | 'ERR_CALLBACK_READ'
  | 'ERR_CALLBACK_READ_TIMEOUT'
  | 'ERR_CALLBACK_TOTAL_TIMEOUT'
  | 'ERR_CALLBACK_STATUS'
  | 'ERR_CALLBACK_REDIRECT'
  | 'ERR_CALLBACK_ADDRESS'
  | 'ERR_CALLBACK_STOPPED'
  | 'ERR_CALLBACK_RECEIVER_DOWN'
  | 'ERR_CALLBACK_OVERFLOW'
  | 'ERR_CALLBACK_DEFECT';

/** A callback was not taken. The message never holds its URL or what it told: both are private. */
export class CallbackError extends MasklineError {
  constructor(
    readonly code: CallbackErrorCode,
    /** What a retry depends on; null for what no retry mends. */
    readonly failure: FailureClass | null,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
