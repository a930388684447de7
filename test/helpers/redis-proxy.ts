import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Stands between a store and its Redis, and loses what it is told to lose: `flowing` passes everything, `deaf` loses
 * Redis' answers, `holding` keeps requests until `deliver`. Connections that are made while it is not flowing get nowhere.
 */
export class RedisProxy {
  #state: 'flowing' | 'deaf' | 'holding' = 'flowing';
  #trigger: { readonly text: string; readonly then: 'deaf' | 'holding' | 'broken' } | null = null;
  readonly #held: { readonly redis: Socket; readonly chunk: Buffer }[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(
    server: Server,
    readonly redisPort: number,
  ) {
    this.#server = server;
    server.on('connection', (client) => this.#join(client));
  }

  static async start(redisPort: number): Promise<RedisProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RedisProxy(server, redisPort);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** True once the trigger was seen. */
  get triggered(): boolean {
    return this.#trigger === null;
  }

  /** With the first request that holds `text`: `broken` passes it on and closes the connection once Redis has answered. */
  upon(text: string, then: 'deaf' | 'holding' | 'broken'): void {
    this.#trigger = { text, then };
  }

  /** Sends to Redis what was held, on the connections on which it came, although nobody awaits the answers. */
  deliver(): void {
    for (const { redis, chunk } of this.#held.splice(0)) redis.write(chunk);
  }

  flow(): void {
    this.#state = 'flowing';
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    this.#sockets.add(client);
    client.on('error', () => undefined);
    if (this.#state !== 'flowing') return;
    const redis = connect(this.redisPort, '127.0.0.1');
    this.#sockets.add(redis);
    redis.on('error', () => undefined);
    let breaks = false;
    client.on('data', (chunk: Buffer) => {
      if (this.#trigger !== null && chunk.includes(this.#trigger.text)) {
        const { then } = this.#trigger;
        this.#trigger = null;
        if (then === 'broken') breaks = true;
        else this.#state = then;
      }
      if (this.#state === 'holding') this.#held.push({ redis, chunk });
      else redis.write(chunk);
    });
    redis.on('data', (chunk: Buffer) => {
      if (breaks) client.destroy();
      else if (this.#state === 'flowing') client.write(chunk);
    });
    // What is on its way to Redis arrives, also when its sender is gone.
    client.on('close', () => (this.#state === 'flowing' ? redis.end() : undefined));
    redis.on('close', () => client.destroy());
  }
}
