import { EventEmitter } from 'node:events';
import type { Log } from './log.js';

type EventMap = Record<string, unknown[]>;

/**
 * A typed emitter whose listeners cannot hurt it: one that throws, or whose promise rejects, is
 * logged, and neither the other listeners nor the socket's read loop notice.
 */
export class GuardedEmitter<Events extends { [Name in keyof Events]: unknown[] } = EventMap> {
  readonly #emitter = new EventEmitter({ captureRejections: false });
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  on<Name extends keyof Events & string>(
    name: Name,
    listener: (...args: Events[Name]) => void | Promise<void>,
  ): this {
    // The prefix keeps `error` from being special: without a listener it would throw.
    this.#emitter.on(`on:${name}`, listener as (...args: unknown[]) => void);
    return this;
  }

  off<Name extends keyof Events & string>(
    name: Name,
    listener: (...args: Events[Name]) => void | Promise<void>,
  ): this {
    this.#emitter.off(`on:${name}`, listener as (...args: unknown[]) => void);
    return this;
  }

  protected emit<Name extends keyof Events & string>(name: Name, ...args: Events[Name]): void {
    for (const listener of this.#emitter.listeners(`on:${name}`)) {
      try {
        const result: unknown = (listener as (...args: unknown[]) => unknown)(...args);
        if (result instanceof Promise) {
          result.catch((err: unknown) => this.#log.error({ err, event: name }, 'a listener failed'));
        }
      } catch (err) {
        this.#log.error({ err, event: name }, 'a listener failed');
      }
    }
  }
}
