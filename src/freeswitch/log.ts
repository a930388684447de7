import type { Logger } from 'pino';

/** What this folder needs of a logger. Neither a full number nor a PIN nor a secret is ever passed to it. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
