import { ConfigError } from '../config-error.js';
import { readSecret } from '../config-environment.js';
import type { Variables } from './environment.js';
import { CliUsageError } from './errors.js';

/** Where the API is, and who asks. */
export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  readonly authId: string;
  readonly authToken: string;
  /** The account whose things are asked for: the main account may name a subaccount. */
  readonly account: string;
}

/** What the options of the command line say; they go before the environment. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly authId?: string | undefined;
  readonly authToken?: string | undefined;
  readonly account?: string | undefined;
}

const ACCOUNT_ID = /^(MA|SA)[A-Z0-9]{18}$/;

/** Throws CliUsageError, with one line that names what is missing or wrong and the cure. */
export function connectionOf(
  options: ConnectionOptions,
  variables: Variables,
  readFile: (path: string) => string,
): Connection {
  const authId = first(options.authId, variables['AUTH_ID']);
  if (authId === '') {
    throw new CliUsageError(
      'AUTH_ID is not set: put AUTH_ID and AUTH_TOKEN into the environment or into .env',
    );
  }
  if (!ACCOUNT_ID.test(authId)) {
    throw new CliUsageError(
      'AUTH_ID is not an account id (20 characters that begin with MA or SA): copy it from the controller’s settings',
    );
  }
  const authToken = first(options.authToken, variables['AUTH_TOKEN']) || tokenFile(variables, readFile);
  if (authToken === '') {
    throw new CliUsageError('AUTH_TOKEN is not set: put it into the environment or into .env');
  }
  const account = first(options.account, undefined) || authId;
  if (!ACCOUNT_ID.test(account)) {
    throw new CliUsageError('--account is not an account id: see the ids with GET Subaccount/');
  }
  return { url: urlOf(options, variables), authId, authToken, account };
}

/** MASKLINE_URL goes before PUBLIC_URL: the way from here may be another one than from outside. */
export function urlOf(options: ConnectionOptions, variables: Variables): string {
  const port = first(undefined, variables['HTTP_PORT']) || '8080';
  const url =
    first(options.url, variables['MASKLINE_URL']) ||
    first(undefined, variables['PUBLIC_URL']) ||
    `http://127.0.0.1:${port}`;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.username !== '') {
    throw new CliUsageError(
      'the URL of the API is not http:// or https:// (or holds credentials): set MASKLINE_URL, such as http://127.0.0.1:8080',
    );
  }
  return url.replace(/\/+$/, '');
}

function tokenFile(variables: Variables, readFile: (path: string) => string): string {
  const path = first(undefined, variables['AUTH_TOKEN_FILE']);
  if (path === '') return '';
  try {
    return readSecret('AUTH_TOKEN', path, readFile);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliUsageError(error.message, { cause: error });
    throw error;
  }
}

function first(option: string | undefined, variable: string | undefined): string {
  return option?.trim() || variable?.trim() || '';
}
