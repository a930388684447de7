import type { SightingStore } from '../calls/reconciler.js';
import type { HoldProof } from '../lease-holder.js';
import { LeaseLostError } from './errors.js';
import { liveFencesKey, NODE_NAMES_KEY, seenKey } from './keys.js';
import type { RedisClient } from './redis.js';
import { guarded, type Scripts } from './scripts.js';

/** Milliseconds that a name and a sighting are remembered: longer than any call can last. */
const REMEMBERED = 7 * 24 * 3_600_000;
/** Names remembered of one endpoint. */
const MOST_NAMES = 32;

/** What is known of the FreeSWITCH nodes beyond their calls. */
export class NodeRepository implements SightingStore {
  readonly #client: RedisClient;
  readonly #scripts: Scripts;

  constructor(client: RedisClient, scripts: Scripts) {
    this.#client = client;
    this.#scripts = scripts;
  }

  /**
   * Notes that the node at `endpoint` (`host:port`, as leases name it) goes by `name`, and answers all
   * names that it has had, `name` first and then the newest: its calls are listed under any of them.
   *
   * At most 32, each for 7 days of Redis's clock since it was last noted, so it wants to be called again
   * while the node is up. A name that another endpoint has been noted with since is that one's alone.
   * Throws StoreUnavailableError.
   */
  async remember(endpoint: string, name: string): Promise<string[]> {
    const args = [endpoint, name, REMEMBERED, MOST_NAMES];
    return (await this.#scripts.run('remember-name', [NODE_NAMES_KEY], args)) as string[];
  }

  /** Every name that is remembered of the node at `endpoint`, in no order. Throws StoreUnavailableError. */
  async namesOf(endpoint: string): Promise<string[]> {
    const entries = Object.entries(await guarded(() => this.#client.hgetall(NODE_NAMES_KEY)));
    // `<ms since the epoch>|<endpoint>`, as in lua/remember-name.lua.
    return entries.filter(([, noted]) => noted.replace(/^\d+\|/, '') === endpoint).map(([name]) => name);
  }

  /** Every name that a node goes by or went by, in no order. Throws StoreUnavailableError. */
  async names(): Promise<string[]> {
    return guarded(() => this.#client.hkeys(NODE_NAMES_KEY));
  }

  /** Throws LeaseLostError, StoreUnavailableError. */
  async noteSeen(node: string, at: number, { endpoint, fence }: HoldProof): Promise<void> {
    const keys = [seenKey(node), liveFencesKey(node)];
    const noted = await this.#scripts.run('note-seen', keys, [at, REMEMBERED, endpoint, fence]);
    if (noted !== 1) throw new LeaseLostError('the next holder of the node looks at its calls');
  }

  /** Throws LeaseLostError when the node's next holder has looked, StoreUnavailableError. */
  async confirm(node: string, { endpoint, fence }: HoldProof): Promise<void> {
    const confirmed = await this.#scripts.run('confirm-hold', [liveFencesKey(node)], [endpoint, fence]);
    if (confirmed !== 1) throw new LeaseLostError('the next holder of the node looks at its calls');
  }

  /** Throws StoreUnavailableError. */
  async lastSeen(node: string): Promise<number | null> {
    const at = await guarded(() => this.#client.get(seenKey(node)));
    return at === null ? null : Number(at);
  }
}
