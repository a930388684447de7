import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { countryOf, type E164 } from './masking/phone-number.js';
import type { AuditEntry } from './masking/audit.js';
import { NumberExistsError, type AuditLog, type NumberRepository } from './store/index.js';
import type { Logger } from './telemetry/logger.js';

/** Milliseconds between two tries to add a virtual number. */
const RETRY_MS = 1000;

/**
 * Adds the virtual numbers of the configuration that are missing. Redis may come up after us, so it tries
 * until it is there, or `signal` ends it. Never rejects.
 */
export async function addNumbers(
  wanted: readonly E164[],
  numbers: Pick<NumberRepository, 'get' | 'add'>,
  audit: Pick<AuditLog, 'enter' | 'settle'>,
  { now, log, signal }: { now: () => number; log: Logger; signal: AbortSignal },
): Promise<void> {
  for (const number of wanted) {
    while (!signal.aborted && !(await addNumber(number, numbers, audit, now, log))) {
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function addNumber(
  number: E164,
  numbers: Pick<NumberRepository, 'get' | 'add'>,
  audit: Pick<AuditLog, 'enter' | 'settle'>,
  now: () => number,
  log: Logger,
): Promise<boolean> {
  try {
    if ((await numbers.get(number)) !== null) return true;
    const country = countryOf(number);
    const entry: AuditEntry = {
      ...{ id: randomUUID(), at: now(), who: 'controller', account: 'controller', peer: '' },
      ...{ requestId: '', action: 'addNumbers', target: number, fields: ['numbers'], status: null },
    };
    await audit.enter(entry);
    await numbers.add({
      ...{ number, country, alias: '', enabled: true, trunk: '', subaccount: '' },
      addedAt: now(),
    });
    await audit.settle(entry, { status: 201, target: number });
    log.info({ did: number }, 'a virtual number was added');
    return true;
  } catch (error) {
    // Another controller with the same configuration was faster.
    if (error instanceof NumberExistsError) return true;
    log.warn({ err: error, did: number }, 'a virtual number could not be added yet');
    return false;
  }
}
