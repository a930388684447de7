import { MasklineError } from '../errors.js';

export type PromptErrorCode =
  | 'ERR_PROMPT_FOLDER'
  | 'ERR_PROMPT_FOLDER_FULL'
  | 'ERR_PROMPT_URL'
  | 'ERR_PROMPT_ADDRESS'
  | 'ERR_PROMPT_FETCH'
  | 'ERR_PROMPT_TOO_LARGE'
  | 'ERR_PROMPT_NOT_AUDIO'
  | 'ERR_PROMPT_BUSY'
  | 'ERR_PROMPT_CLOSED';

/** A prompt cannot be had. The message never holds its URL: that may carry a secret. */
export class PromptError extends MasklineError {
  constructor(
    readonly code: PromptErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
