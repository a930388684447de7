import { MasklineError } from '../errors.js';

/** A URL of a client leads to an address that the operator does not allow. The message never holds it. */
export class AddressRefusedError extends MasklineError {
  readonly code = 'ERR_ADDRESS_REFUSED';
}
