import { MasklineError } from './errors.js';

/** A variable of the environment cannot be used. The message is one line that names it. */
export class ConfigError extends MasklineError {
  readonly code = 'ERR_CONFIG';
}
