import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sparePort } from './spare-port.js';

/** Milliseconds that a server may take until it accepts connections. */
const START_DEADLINE = 10_000;
/** A spare port can be taken by another process between finding and using it. */
const PORT_ATTEMPTS = 5;

/**
 * A private redis-server from PATH on a spare loopback port, with the durability of the shipped
 * configuration: append-only file, fsync on every write. Its folder lives until `stop()`.
 */
export class RedisServer {
  #child: ChildProcess | null = null;
  readonly #onExit = (): void => {
    this.#child?.kill('SIGKILL');
  };

  private constructor(
    readonly port: number,
    readonly dir: string,
    readonly args: readonly string[],
  ) {
    process.once('exit', this.#onExit);
  }

  /** Starts a server. `args` are further redis-server arguments, such as `['--maxmemory', '4mb']`. */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const dir = await mkdtemp(join(tmpdir(), 'maskline-redis-'));
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(await sparePort(), dir, args);
      try {
        await server.#launch();
        return server;
      } catch (error) {
        process.removeListener('exit', server.#onExit);
        const taken = error instanceof Error && error.message.includes('Address already in use');
        if (!taken || attempt === PORT_ATTEMPTS) {
          await rm(dir, { recursive: true, force: true });
          throw error;
        }
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Process id, or null while the server is down. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Ends the server as `kill -9` does. The data stay for `restart()`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Starts the server again on the same port and data; ends it in order first when it runs. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.#launch();
  }

  /** Stops the process with its sockets open (SIGSTOP): Redis that hangs. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets a paused server go on. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    process.removeListener('exit', this.#onExit);
    await rm(this.dir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    // Without a process id it never started, and will not say `exit`.
    if (child?.pid === undefined) return;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      // A paused process takes no SIGTERM until it goes on.
      child.kill('SIGCONT');
      await exited;
    }
  }

  async #launch(): Promise<void> {
    const child = spawn(
      'redis-server',
      [
        ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
        ...this.args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    try {
      await readyOf(child);
    } catch (error) {
      await this.#end('SIGKILL');
      throw error;
    }
  }
}

/** Settles when the server says that it accepts connections; rejects with its output otherwise. */
async function readyOf(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => fail(new Error('it was not ready in time')), START_DEADLINE);
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      reject(new Error(`redis-server did not start: ${cause.message}\n${output}`, { cause }));
    };
    const read = (chunk: Buffer): void => {
      // Once it is ready the pipe is only drained, so that a long run keeps no log in memory.
      if (output.length > 100_000) return;
      output += chunk.toString();
      if (output.includes('Ready to accept connections')) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', fail);
    child.once('exit', (code, signal) => fail(new Error(`exit ${String(code)} ${String(signal)}`)));
  });
}
