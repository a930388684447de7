import { MasklineError } from '../errors.js';

/** Exit codes of the command line, as docs/cli.md lists them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  credentials: 4,
  unreachable: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with one line, which names the cure, and an exit code. */
export abstract class CliError extends MasklineError {
  abstract readonly exitCode: ExitCode;
}

/** What was typed, or set in the environment, cannot be carried out. */
export class CliUsageError extends CliError {
  readonly code = 'ERR_CLI_USAGE';
  readonly exitCode = EXIT.usage;
}

/** The API refused a request, or part of a command failed. */
export class CliFailedError extends CliError {
  readonly code = 'ERR_CLI_FAILED';
  readonly exitCode = EXIT.failed;
}

/** What was named does not exist. */
export class CliNotFoundError extends CliError {
  readonly code = 'ERR_CLI_NOT_FOUND';
  readonly exitCode = EXIT.notFound;
}

/** The credentials are not taken, or may not do this. */
export class CliCredentialsError extends CliError {
  readonly code = 'ERR_CLI_CREDENTIALS';
  readonly exitCode = EXIT.credentials;
}

/** Nothing that is a Maskline API answers. */
export class CliUnreachableError extends CliError {
  readonly code = 'ERR_CLI_UNREACHABLE';
  readonly exitCode = EXIT.unreachable;
}
