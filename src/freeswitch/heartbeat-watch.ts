import { EslHeartbeatError } from './errors.js';
import type { EslConnection } from './connection.js';

/**
 * Closes a connection that has been silent for `silenceMs` milliseconds. FreeSWITCH sends a HEARTBEAT
 * every 20 s to those subscribed: one that vanished without a FIN, or that hangs, is noticed by nothing else.
 */
export class HeartbeatWatch {
  readonly #connection: EslConnection;
  readonly #silenceMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: EslConnection, silenceMs: number) {
    this.#connection = connection;
    this.#silenceMs = silenceMs;
    this.#check();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    const silent = performance.now() - this.#connection.lastReceivedAt;
    if (silent >= this.#silenceMs) {
      this.#connection.close(new EslHeartbeatError(`nothing was heard for ${this.#silenceMs} ms`));
      return;
    }
    this.#timer = setTimeout(() => this.#check(), this.#silenceMs - silent);
  }
}
