import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A link between two programs of this machine that can be cut.
 *
 * `silent`: what is sent waits, as it does in TCP while packets are lost, and goes on its way once the link
 * is whole again; new connections are taken and hear nothing. `refused`: connections are reset, and nobody listens.
 */
export type LinkState = 'whole' | 'silent' | 'refused';

/** A TCP proxy on loopback. */
export class CutProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #pairs = new Set<{ near: Socket; far: Socket | null }>();
  #state: LinkState = 'whole';

  private constructor(
    server: Server,
    readonly port: number,
    target: number,
  ) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (near) => this.#take(near));
  }

  static async to(target: number): Promise<CutProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CutProxy(server, (server.address() as AddressInfo).port, target);
  }

  async set(state: LinkState): Promise<void> {
    this.#state = state;
    for (const pair of this.#pairs) {
      if (state === 'refused') breakOff(pair.near);
      else if (state === 'silent') for (const socket of [pair.near, pair.far]) socket?.pause();
      else this.#join(pair);
    }
    const listens = this.#server.listening;
    if (state === 'refused' && listens) this.#server.close();
    if (state === 'refused' || listens) return;
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    await this.set('refused');
  }

  #take(near: Socket): void {
    near.setNoDelay(true);
    const pair: { near: Socket; far: Socket | null } = { near, far: null };
    this.#pairs.add(pair);
    near.on('error', () => undefined);
    near.on('close', () => {
      this.#pairs.delete(pair);
      if (this.#state !== 'silent') pair.far?.destroy();
      else this.#endLater(pair.far);
    });
    near.pause();
    if (this.#state === 'whole') this.#join(pair);
  }

  /** A connection that closed while nobody could hear of it: the far end is told when the link is whole. */
  #endLater(far: Socket | null): void {
    if (far === null) return;
    const timer = setInterval(() => {
      if (this.#state === 'silent') return;
      clearInterval(timer);
      far.destroy();
    }, 50);
    timer.unref();
  }

  #join(pair: { near: Socket; far: Socket | null }): void {
    if (pair.far !== null) {
      pair.near.resume();
      pair.far.resume();
      return;
    }
    const { near } = pair;
    const far = connect({ host: '127.0.0.1', port: this.#target, noDelay: true });
    pair.far = far;
    far.on('error', () => breakOff(near));
    far.on('close', () => near.destroy());
    near.on('data', (chunk) => {
      if (!far.write(chunk)) near.pause();
    });
    far.on('data', (chunk) => {
      if (!near.write(chunk)) far.pause();
    });
    far.on('drain', () => {
      if (this.#state === 'whole') near.resume();
    });
    near.on('drain', () => {
      if (this.#state === 'whole') far.resume();
    });
    near.on('end', () => far.end());
    far.on('end', () => near.end());
    near.resume();
  }
}

/** Closes with a reset. Node leaves a socket open for ever that is reset while its own end is being sent. */
function breakOff(socket: Socket): void {
  if (socket.writableEnded || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}
