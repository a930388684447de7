import { Redis } from 'ioredis';
import type { Stack } from '../../helpers/stack.js';

/** Which controller of a stack has its node, by what Redis says. */
export class LeaseView {
  readonly #stack: Stack;
  readonly #redis: Redis;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#redis = new Redis(stack.redis.url);
  }

  /** Index of the controller, or null while nobody has the node. */
  async holder(): Promise<number | null> {
    const [key] = await this.#redis.keys('maskline:{lease:127.0.0.1:*}');
    const id = key === undefined ? null : await this.#redis.get(key);
    if (id === null) return null;
    const index = this.#stack.controllers.findIndex(({ pid }) => pid !== null && id.includes(`-${pid}-`));
    return index < 0 ? null : index;
  }

  close(): void {
    this.#redis.disconnect();
  }
}
