import { EslClosedError, EslQueueFullError, EslTimeoutError } from './errors.js';
import type { WireMessage } from './wire.js';

interface Slot {
  readonly resolve: (reply: WireMessage) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout;
  settled: boolean;
}

/**
 * The commands that await their replies, in the order in which they were written.
 *
 * FreeSWITCH serves the commands of one connection strictly in order, `api` and `sendmsg` alike
 * (mod_event_socket.c, parse_command), so one queue is right and two are not. A command that timed
 * out keeps its slot and swallows its late reply: taking it out would hand that reply to the next one.
 */
export class ReplyQueue {
  readonly #slots: Slot[] = [];
  readonly #limit: number;

  /** `limit`: most commands in flight. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Slots that have not got their reply, those of timed-out commands included. */
  get size(): number {
    return this.#slots.length;
  }

  /**
   * Adds a slot for a command that the caller writes right after. `name` is for error texts.
   * Rejects with EslTimeoutError after `timeoutMs` milliseconds.
   * @throws EslQueueFullError at once, before anything is written.
   */
  add(name: string, timeoutMs: number): Promise<WireMessage> {
    if (this.#slots.length >= this.#limit) {
      throw new EslQueueFullError(`${this.#slots.length} commands await their replies`);
    }
    return new Promise<WireMessage>((resolve, reject) => {
      const slot: Slot = {
        resolve,
        reject,
        settled: false,
        timer: setTimeout(() => {
          slot.settled = true;
          reject(new EslTimeoutError(`${name} got no reply within ${timeoutMs} ms`));
        }, timeoutMs),
      };
      this.#slots.push(slot);
    });
  }

  /** Hands a reply to the oldest slot. Returns false when nobody waits: the peer is out of step. */
  settle(reply: WireMessage): boolean {
    const slot = this.#slots.shift();
    if (slot === undefined) return false;
    clearTimeout(slot.timer);
    if (!slot.settled) slot.resolve(reply);
    return true;
  }

  /** Rejects everything that waits. */
  close(cause: Error | undefined): void {
    for (const slot of this.#slots.splice(0)) {
      clearTimeout(slot.timer);
      if (!slot.settled) slot.reject(new EslClosedError('the connection closed before the reply', { cause }));
    }
  }
}
