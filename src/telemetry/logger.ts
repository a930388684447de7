import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

import type { LogLevel } from '../config.js';
import { privateLine } from './privacy.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** What we know to be private is removed where it stands; privateLine is the net under it. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'headers.authorization',
  'password',
  'secret',
  'token',
  'pin',
  'digits',
  '*.password',
  '*.secret',
  '*.token',
  '*.pin',
  '*.digits',
  '*.firstParty',
  '*.secondParty',
  '*.firstPartyPin',
  '*.secondPartyPin',
];

/**
 * A logger that writes one JSON object a line and cannot print a phone number.
 *
 * Errors go in `err` (or `error`): their type, code, message, stack and causes are printed, masked like
 * everything else. A virtual number goes in a field `did`, the only one where a number stays.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '[hidden]' },
    serializers: { err: stdSerializers.errWithCause, error: stdSerializers.errWithCause },
    hooks: { streamWrite: privateLine },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
