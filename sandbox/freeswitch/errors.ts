import { MasklineError } from '../../src/errors.js';

/** The dialplan cannot be loaded: what it says is wrong, or the simulation does not know it. */
export class SandboxDialplanError extends MasklineError {
  readonly code = 'ERR_SANDBOX_DIALPLAN';
}

/** Something was asked for that a real FreeSWITCH does and the simulation does not. Never ignored. */
export class SandboxUnsupportedError extends MasklineError {
  readonly code = 'ERR_SANDBOX_UNSUPPORTED';
}
