import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { upText } from './api.js';
import type { Core } from './core.js';
import { EventConnection } from './event-connection.js';

/** The inbound Event Socket of the simulated switch (mod_event_socket.c). */
export class EventSocket {
  readonly #core: Core;
  readonly #password: string;
  readonly #server: Server;
  readonly #listeners = new Set<EventConnection>();
  #heartbeat: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;

  constructor(core: Core, password: string) {
    this.#core = core;
    this.#password = password;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Starts to listen on 127.0.0.1. Resolves with the port. Rejects with the system's error. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#core.report(error));
    this.#stopListening = this.#core.listen((name, headers, body) => {
      for (const listener of this.#listeners) listener.deliver(name, headers, body);
    });
    this.#beat();
    return (this.#server.address() as AddressInfo).port;
  }

  /** Closes the port and every connection: with a goodbye, or as a process that dies. */
  async close(how: 'stop' | 'crash'): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#stopListening();
    for (const listener of this.#listeners) listener.close(how);
    this.#listeners.clear();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const listener = new EventConnection(this.#core, this.#password, socket, () =>
      this.#listeners.delete(listener),
    );
    this.#listeners.add(listener);
  }

  #beat(): void {
    const core = this.#core;
    // In real time, as controllers watch for it, however fast calls go.
    this.#heartbeat = setInterval(() => {
      const event = core.newEvent('HEARTBEAT');
      const ms = Math.floor(core.clock.now() - core.startedAt);
      const values: Record<string, string> = {
        'Event-Info': 'System Ready',
        'Up-Time': upText(core),
        'FreeSWITCH-Version': '1.10.12-release~64bit',
        'Uptime-msec': String(ms),
        'Session-Count': String(core.channels.size),
        'Max-Sessions': '1000',
        'Session-Per-Sec': '1000',
        'Session-Per-Sec-Last': '0',
        'Session-Per-Sec-Max': '0',
        'Session-Per-Sec-FiveMin': '0',
        'Session-Since-Startup': String(core.sessions),
        'Session-Peak-Max': '0',
        'Session-Peak-FiveMin': '0',
        'Idle-CPU': '100.000000',
      };
      for (const [name, value] of Object.entries(values)) event.set(name, value);
      core.fire('HEARTBEAT', event);
    }, core.options.heartbeatMs);
  }
}
