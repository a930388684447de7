import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** Milliseconds of audio in a file, unless it is to have another length. */
const LENGTH_MS = 600;

/** Serves `/<name>/<milliseconds>.wav`, each name with content of its own, and tells a name by its content. */
export class AudioHost {
  readonly #server: Server;
  readonly #names = new Map<string, string>();
  readonly #urls = new Set<string>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<AudioHost> {
    const server = createServer((request, response) => {
      const [, name, length] = /^\/([a-z0-9-]+)\/(\d{1,4})\.wav$/.exec(request.url ?? '') ?? [];
      if (name === undefined) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'audio/wav' }).end(toneNamed(name, Number(length)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AudioHost(server);
  }

  /** Where a file of that name is, `ms` milliseconds long. */
  url(name: string, ms = LENGTH_MS): string {
    const hash = createHash('sha256').update(toneNamed(name, ms)).digest('hex');
    this.#names.set(hash, name);
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the audio host is closed');
    const url = `http://127.0.0.1:${address.port}/${name}/${ms}.wav`;
    this.#urls.add(url);
    return url;
  }

  serves(url: string): boolean {
    return this.#urls.has(url);
  }

  /** The name of a file that was fetched and stored by its hash; other files keep theirs. */
  nameOf(path: string): string {
    const base = (path.split('/').at(-1) ?? '').replace(/\.(wav|mp3)$/, '');
    return this.#names.get(base) ?? base;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A tone of `ms` milliseconds, 8 kHz mono 16 bit; its pitch comes from the name, so that no two files are alike. */
function toneNamed(name: string, ms: number): Buffer {
  const samples = 8 * ms;
  const pitch = 300 + (createHash('sha256').update(name).digest().readUInt16BE(0) % 1500);
  const data = Buffer.alloc(samples * 2);
  for (let index = 0; index < samples; index += 1) {
    data.writeInt16LE(Math.round(6000 * Math.sin((2 * Math.PI * pitch * index) / 8000)), index * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}
