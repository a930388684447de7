import { CdrClient, type CdrClientOptions } from './cdr-client.js';
import { CdrSpool, type CdrSpoolOptions } from './cdr-spool.js';
import { CdrUnreachableError } from './errors.js';
import { cdrSubject } from './leg-record.js';
import type { Log } from './log.js';

/** Takes what a FreeSWITCH left in a folder that no controller can see to the controllers of a list. */
export function cdrForwarder(
  { folder, hosts, secret }: Pick<CdrSpoolOptions, 'folder'> & Pick<CdrClientOptions, 'hosts' | 'secret'>,
  log: Log,
): CdrSpool {
  const client = new CdrClient({ hosts, secret });
  return new CdrSpool({
    folder,
    handle: (document) => client.post(document),
    isOutage: (error) => error instanceof CdrUnreachableError,
    subjectOf: cdrSubject,
    log,
  });
}
