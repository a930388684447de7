import type { TracedCall, TraceStep } from '../calls/call-trace.js';
import type { E164 } from '../masking/phone-number.js';
import { FEED_LENGTH, TRACE_FEED_KEY } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded } from './scripts.js';

/** A step of some call. The caller's number is in none. */
export interface FedStep {
  /** Where to go on; null within what was written together. */
  readonly id: string | null;
  readonly call: TracedCall;
  readonly step: TraceStep;
}

interface Entry {
  readonly id: string;
  readonly steps: readonly (TraceStep & {
    readonly node: string;
    readonly did: E164 | null;
    readonly session: string | null;
    readonly account: string;
  })[];
}

/** As Redis names the entries of a stream. */
const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const BEGINNING = '0-0';
const BATCH = 500;

/** What happens to all calls, for who looks on: the newest of it is kept for a while. */
export class TraceFeed {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Where the feed is now. Throws StoreUnavailableError. */
  async end(): Promise<string> {
    const newest = await guarded(() => this.#client.xrevrange(TRACE_FEED_KEY, '+', '-', 'COUNT', 1));
    return newest[0]?.[0] ?? BEGINNING;
  }

  /** Whether nothing that came after `id` has been dropped. Throws StoreUnavailableError. */
  async reaches(id: string): Promise<boolean> {
    if (!ENTRY_ID.test(id)) return false;
    // From before the first entry: nothing is dropped from a feed that is not full.
    if (id === BEGINNING) return (await guarded(() => this.#client.xlen(TRACE_FEED_KEY))) < FEED_LENGTH;
    const at = await guarded(() => this.#client.xrange(TRACE_FEED_KEY, id, '+', 'COUNT', 1));
    return at[0]?.[0] === id;
  }

  /** What came after `id`, oldest first, up to some hundred steps. Throws StoreUnavailableError. */
  async after(id: string): Promise<FedStep[]> {
    const entries = await guarded(() => this.#client.xrange(TRACE_FEED_KEY, `(${id}`, '+', 'COUNT', BATCH));
    return entries.flatMap(([entryId, fields]) => fedSteps(entryId, fields[1] ?? '{}'));
  }
}

function fedSteps(entryId: string, text: string): FedStep[] {
  const { id, steps } = JSON.parse(text) as Entry;
  return steps.map(({ node, did, session, account, ...step }, index) => ({
    id: index === steps.length - 1 ? entryId : null,
    call: { id, node, number: did, sessionId: session, accountId: account },
    step,
  }));
}
