import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { RequestListener, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';

import S3rver from '@20minutes/s3rver';

import type { BucketSettings } from '../../src/recordings/recording-bucket.js';
import { found } from './until.js';

export const BUCKET = 'recordings-of-a-test';
/** The only keys that s3rver has. */
export const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' } as const;

/** What s3rver puts behind the key of an object in its folder. */
const SUFFIX = '._S3rver_object';

/** An S3-compatible server that checks signatures, with faults that a test can ask for. */
export class S3Server {
  /** Requests by method, as `PUT /bucket/key`. */
  readonly requests: string[] = [];
  /** The second half of what is uploaded is lost, and nobody told. */
  losesTheEnd = false;
  /** Methods whose requests are carried out and not answered. */
  readonly unanswered = new Set<string>();

  private constructor(
    readonly port: number,
    readonly folder: string,
    readonly s3rver: S3rver,
  ) {}

  static async start(): Promise<S3Server> {
    const folder = await mkdtemp(join(tmpdir(), 'maskline-s3-'));
    const s3rver = new S3rver({
      ...{ address: '127.0.0.1', port: 0, silent: true, vhostBuckets: false },
      directory: folder,
      configureBuckets: [{ name: BUCKET }],
    });
    const { port } = await s3rver.run();
    const server = new S3Server(port, folder, s3rver);
    server.#comeBetween(s3rver.httpServer);
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** For a client of it; by default all of it is right. */
  settings(changes: Partial<BucketSettings> = {}): BucketSettings {
    return {
      ...{
        name: BUCKET,
        endpoint: this.endpoint,
        region: 'eu-central-1',
        prefix: 'calls/',
        credentials: KEYS,
      },
      ...{ pathStyle: true, encryption: 'none', kmsKey: '' },
      ...changes,
    };
  }

  /** For a controller. */
  environment(endpoint = this.endpoint): Record<string, string> {
    return {
      RECORDING_S3_BUCKET: BUCKET,
      RECORDING_S3_ENDPOINT: endpoint,
      RECORDING_S3_REGION: 'eu-central-1',
      RECORDING_S3_PREFIX: 'calls/',
      RECORDING_S3_ACCESS_KEY: KEYS.accessKeyId,
      RECORDING_S3_SECRET_KEY: KEYS.secretAccessKey,
    };
  }

  /** All objects, by key. */
  async objects(): Promise<ReadonlyMap<string, Buffer>> {
    const root = join(this.folder, BUCKET);
    const objects = new Map<string, Buffer>();
    // The folder of a prefix goes with its last object, and the listing of it fails.
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(unlessGone);
    if (entries === null) return this.objects();
    for (const entry of entries) {
      if (!entry.isFile() || !entry.name.endsWith(SUFFIX)) continue;
      const path = join(entry.parentPath, entry.name);
      // One that is removed while they are listed is not there.
      const content = await readFile(path).catch(unlessGone);
      if (content !== null) objects.set(relative(root, path).slice(0, -SUFFIX.length), content);
    }
    return objects;
  }

  /** Waits until as many objects are there. */
  async has(count: number): Promise<ReadonlyMap<string, Buffer>> {
    return found(`there are ${count} objects in the bucket`, async () => {
      const objects = await this.objects();
      return objects.size === count ? objects : null;
    });
  }

  countOf(method: string): number {
    return this.requests.filter((request) => request.startsWith(`${method} `)).length;
  }

  async close(): Promise<void> {
    this.s3rver.httpServer.closeAllConnections();
    await this.s3rver.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #comeBetween(server: Server): void {
    const [answer] = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      const { method = '', url = '' } = request;
      this.requests.push(`${method} ${url.replace(/\?.*$/, '')}`);
      if (this.unanswered.has(method)) response.end = () => response;
      answer?.(request, response);
    });
    const { store } = this.s3rver;
    const putContent = store.putContent.bind(store);
    store.putContent = async (path, content) => {
      if (!this.losesTheEnd) return putContent(path, content);
      const all = Buffer.concat((await content.toArray()) as Buffer[]);
      return putContent(path, Readable.from([all.subarray(0, all.length / 2)]));
    };
  }
}

function unlessGone(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
