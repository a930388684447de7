import { setTimeout as sleep } from 'node:timers/promises';

export interface CdrPosterOptions {
  /** `host:port` of the controllers; none for no posts. */
  readonly hosts: readonly string[];
  readonly secret: string;
}

/** As freeswitch/conf/autoload_configs/json_cdr.conf.xml and start.sh set them, in milliseconds. */
const TIMEOUT_MS = 2_000;
const DELAY_MS = 1_000;

/**
 * Posts CDRs as mod_json_cdr does (process_cdr): to the controller that took the last one, and after a failure
 * once to the next, which then is the one for all others too.
 */
export class CdrPoster {
  readonly #options: CdrPosterOptions;
  #current = 0;

  constructor(options: CdrPosterOptions) {
    this.#options = options;
  }

  /** True when a controller has taken it. Never rejects. */
  async post(uuid: string, document: string): Promise<boolean> {
    const { hosts } = this.#options;
    for (let attempt = 0; attempt < Math.min(2, hosts.length); attempt += 1) {
      if (attempt > 0) await sleep(DELAY_MS);
      if (await this.#try(uuid, document)) return true;
      this.#current = (this.#current + 1) % hosts.length;
    }
    return false;
  }

  async #try(uuid: string, document: string): Promise<boolean> {
    const { hosts, secret } = this.#options;
    try {
      const response = await fetch(`http://${hosts[this.#current] ?? ''}/cdr?uuid=${uuid}`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`cdr:${secret}`).toString('base64')}`,
          'content-type': 'application/json',
          'user-agent': 'freeswitch-json/1.0',
        },
        body: document,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // curl fails likewise: refused, reset, or out of time.
      return false;
    }
  }
}
