import { Cluster, type ClusterNode, type ClusterOptions, type Command } from 'ioredis';

/** What may be sent while the client finds out whether the cluster can be used: the finding out. */
const FINDING_OUT = 'cluster';

/** Milliseconds before the end of its time in which a command is not sent again. */
const LAST_TRY = 300;

/**
 * A client of Redis Cluster whose commands fail within `patience` milliseconds, however often they are sent again. The
 * library's own counts from when a node is sent the command; while no node can be reached, commands would pile up
 * until one can.
 */
export class BoundedCluster extends Cluster {
  readonly #patience: number;
  readonly #failingSince = new WeakMap<object, number>();
  readonly #waiting = new Set<() => void>();

  constructor(nodes: ClusterNode[], options: Settings, patience: number) {
    super(nodes, options);
    this.#patience = patience;
    this.on('ready', () => this.#sendWaiting());
  }

  override sendCommand(command: Command, ...rest: SendRest): unknown {
    command.setTimeout(this.#patience);
    const goesOut =
      this.status === 'ready' ||
      this.status === 'end' ||
      (command.name === FINDING_OUT && this.status === 'connect');
    if (goesOut) return super.sendCommand(command, ...rest);
    const send = (): void => void super.sendCommand(command, ...rest);
    this.#waiting.add(send);
    const forget = (): void => void this.#waiting.delete(send);
    command.promise.then(forget, forget);
    return command.promise;
  }

  /**
   * Whether a command that failed is sent again, which is after 100 ms: not when nobody awaits it by then, or it would
   * do late what was said to have failed. `tries` is the command's own.
   */
  override handleError(error: Error, tries: HandleError[1], handlers: HandleError[2]): void {
    const now = performance.now();
    const since = this.#failingSince.get(tries) ?? now;
    this.#failingSince.set(tries, since);
    if (now - since > this.#patience - Math.min(LAST_TRY, this.#patience / 2)) tries.value = 1;
    super.handleError(error, tries, handlers);
  }

  /** In the order in which they came. */
  #sendWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const send of waiting) send();
  }
}

type Settings = Omit<ClusterOptions, 'redisOptions'> & {
  redisOptions: NonNullable<ClusterOptions['redisOptions']> & { replyMapping?: 'legacy' };
};
type SendRest = Parameters<Cluster['sendCommand']> extends [Command, ...infer Rest] ? Rest : never;
type HandleError = Parameters<Cluster['handleError']>;
