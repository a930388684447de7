/**
 * Base of every error that Maskline throws on purpose.
 *
 * `code` is stable and documented in docs/errors.md; `message` is for people and
 * never holds a phone number, a PIN or a secret.
 */
export abstract class MasklineError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
