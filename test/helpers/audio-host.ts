import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** Milliseconds of audio in every file. */
const LENGTH_MS = 600;

/** Serves `/<name>.wav`, each name with content of its own, and tells a name by its content. */
export class AudioHost {
  readonly #server: Server;
  readonly #names = new Map<string, string>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<AudioHost> {
    const server = createServer((request, response) => {
      const name = /^\/([a-z0-9-]+)\.wav$/.exec(request.url ?? '')?.[1];
      if (name === undefined) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-type': 'audio/wav' }).end(toneNamed(name));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AudioHost(server);
  }

  url(name: string): string {
    this.#names.set(this.hash(name), name);
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the audio host is closed');
    return `http://127.0.0.1:${address.port}/${name}.wav`;
  }

  /** SHA-256 of the file's content, the name that the prompt library gives it. */
  hash(name: string): string {
    return createHash('sha256').update(toneNamed(name)).digest('hex');
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

/** A short tone, 8 kHz mono 16 bit; its pitch comes from the name, so that no two files are alike. */
function toneNamed(name: string): Buffer {
  const samples = (8000 * LENGTH_MS) / 1000;
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
