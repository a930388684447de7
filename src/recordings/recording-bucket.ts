import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

import type { S3Client } from '@aws-sdk/client-s3';

import type { ObjectFacts } from '../masking/recording.js';
import {
  BucketError,
  isObjectMissing,
  ObjectMismatchError,
  ObjectMissingError,
  reasonFor,
} from './bucket-errors.js';

/** A bucket of an S3-compatible server, and how to speak to it. */
export interface BucketSettings {
  readonly name: string;
  /** `http(s)://host[:port]`; "" for AWS. */
  readonly endpoint: string;
  readonly region: string;
  /** What every object's key begins with: "" or something with a slash at its end. */
  readonly prefix: string;
  /** Null for those that AWS gives to its machines. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** The bucket is named in the path, not in the host. */
  readonly pathStyle: boolean;
  readonly encryption: 'none' | 'AES256' | 'aws:kms';
  /** Of `aws:kms`; "" for the server's own. */
  readonly kmsKey: string;
}

/** Bytes of a file from one to another, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What the probe of a bucket did last, and why it went no further; null when all of it went well. */
export interface Probe {
  readonly step: 'write' | 'read' | 'delete';
  readonly trouble: string | null;
  /** Null when nothing could be written. */
  readonly keepsVersions: boolean | null;
}

/** Milliseconds. */
const CONNECT_MS = 5_000;
/** A connection on which nothing moves for so long is dead. */
const IDLE_MS = 60_000;
/** From a request to its answer's head. */
const ANSWER_MS = 15_000;
/** An upload may take so long, and a second more for each of these bytes. */
const UPLOAD_MS = 120_000;
const UPLOAD_BYTES_PER_SECOND = 32 * 1024;
/** Recordings of this controller that are listened to at once; more wait. */
const MOST_DOWNLOADS = 256;

const TYPES: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', wav: 'audio/wav' };

/** Without one the SDK writes to the console. What went wrong is in the errors. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

type Sdk = typeof import('@aws-sdk/client-s3');

interface Loaded {
  readonly sdk: Sdk;
  readonly client: S3Client;
  /** For those who listen: players that pause hold their connections, and may not keep uploads waiting. */
  readonly listening: S3Client;
}

/** A part of the SDK's command that we put a header on; its own types are those of its every middleware. */
type SignedRequest = { readonly request: { readonly headers: Record<string, string> } };

/**
 * Recordings as objects of a bucket. The SDK is loaded with the first request, so that who keeps recordings on a disk
 * pays nothing for it. One attempt a call: who calls has a queue.
 */
export class RecordingBucket {
  readonly #settings: BucketSettings;
  #loaded: Promise<Loaded> | undefined;

  constructor(settings: BucketSettings) {
    this.#settings = settings;
  }

  /** An id and a format: no key holds a number. */
  keyOf(name: string): string {
    return this.#settings.prefix + name;
  }

  /**
   * Puts a file there under `name`, and looks whether all of it has arrived. The server checks both hashes too, as far
   * as it knows them. Throws BucketError, ObjectMismatchError, and the system's error.
   */
  async put(path: string, name: string, signal: AbortSignal): Promise<ObjectFacts> {
    const { bytes, md5, sha256 } = await digestsOf(path, signal);
    const limitMs = UPLOAD_MS + Math.ceil(bytes / UPLOAD_BYTES_PER_SECOND) * 1_000;
    const body = bytes === 0 ? Readable.from([]) : createReadStream(path, { end: bytes - 1 });
    try {
      await within(limitMs, signal, (both) => this.#put(name, body, { bytes, md5, sha256 }, both));
    } finally {
      body.destroy();
    }
    return { bytes, md5: md5.toString('hex') };
  }

  async #put(
    name: string,
    body: Readable | Buffer,
    digests: Digests,
    signal: AbortSignal,
  ): Promise<{ version: string }> {
    const { bytes, md5, sha256 } = digests;
    const { name: Bucket, encryption, kmsKey } = this.#settings;
    const Key = this.keyOf(name);
    const { sdk, client } = await this.#load();
    const command = new sdk.PutObjectCommand({
      ...{ Bucket, Key, Body: body, ContentLength: bytes, ContentMD5: md5.toString('base64') },
      ContentType: TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      ...(encryption === 'none' ? {} : { ServerSideEncryption: encryption }),
      ...(kmsKey === '' ? {} : { SSEKMSKeyId: kmsKey }),
    });
    // Of a stream the SDK signs no content. This way it is signed, and servers refuse what is not it.
    command.middlewareStack.add(
      (next) => (args) => {
        (args as unknown as SignedRequest).request.headers['x-amz-content-sha256'] = sha256.toString('hex');
        return next(args);
      },
      { step: 'build', name: 'masklineContentHash' },
    );
    const put = await asked(() => client.send(command, { abortSignal: signal }));
    const head = await this.#quick((abortSignal) =>
      client.send(new sdk.HeadObjectCommand({ Bucket, Key }), { abortSignal }),
    ).catch((error: unknown) => {
      if (error instanceof ObjectMissingError) return null;
      throw error;
    });
    if (head === null) throw new ObjectMismatchError('an object is not there although it was taken');
    if (head.ContentLength !== bytes) {
      throw new ObjectMismatchError(`an object has ${head.ContentLength ?? 'unknown'} bytes of ${bytes}`);
    }
    for (const answer of [put, head]) {
      // With a key of KMS, and in many pieces, it is no MD5.
      const tag = answer.ServerSideEncryption?.startsWith('aws:kms') === true ? '' : (answer.ETag ?? '');
      const [, found = ''] = /^"?([0-9a-f]{32})"?$/i.exec(tag) ?? [];
      if (found !== '' && found.toLowerCase() !== md5.toString('hex')) {
        throw new ObjectMismatchError('an object has another checksum than what was sent');
      }
    }
    return { version: put.VersionId ?? '' };
  }

  /**
   * A recording's bytes, all or a range of them. Throws BucketError, ObjectMissingError, and ObjectMismatchError when
   * the server has another number of them; the stream fails when the connection does.
   */
  async read(name: string, range: ByteRange, signal?: AbortSignal): Promise<Readable> {
    const { name: Bucket } = this.#settings;
    const { sdk, listening } = await this.#load();
    const Range = `bytes=${range.start}-${range.end}`;
    const answer = await this.#quick(
      (abortSignal) =>
        listening.send(new sdk.GetObjectCommand({ Bucket, Key: this.keyOf(name), Range }), { abortSignal }),
      signal,
    );
    const body = answer.Body as Readable | undefined;
    const length = range.end - range.start + 1;
    if (body === undefined || answer.ContentLength !== length) {
      body?.destroy();
      throw new ObjectMismatchError(
        `the bucket gave ${answer.ContentLength ?? 'unknown'} bytes of ${length}`,
      );
    }
    return body;
  }

  /** Also when it is not there. Throws BucketError. */
  async remove(name: string, signal?: AbortSignal): Promise<void> {
    const { sdk, client } = await this.#load();
    const target = { Bucket: this.#settings.name, Key: this.keyOf(name) };
    try {
      await this.#quick(
        (abortSignal) => client.send(new sdk.DeleteObjectCommand(target), { abortSignal }),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ObjectMissingError)) throw error;
    }
  }

  /** Writes, reads and deletes an object that is nobody's. Never rejects. */
  async probe(): Promise<Probe> {
    const name = `maskline-probe-${randomUUID()}`;
    const content = randomBytes(64);
    let step: Probe['step'] = 'write';
    let keepsVersions: boolean | null = null;
    try {
      const { version } = await within(ANSWER_MS, undefined, (signal) =>
        this.#put(name, content, digestsIn(content), signal),
      );
      keepsVersions = version !== '' && version !== 'null';
      step = 'read';
      const chunks = await (await this.read(name, { start: 8, end: 39 })).toArray();
      if (!Buffer.concat(chunks as Buffer[]).equals(content.subarray(8, 40)))
        return { step, trouble: 'OTHER', keepsVersions };
      step = 'delete';
      await this.remove(name);
      return { step, trouble: null, keepsVersions };
    } catch (error) {
      return { step, trouble: troubleOf(error), keepsVersions };
    }
  }

  /** Lets go of its connections. */
  async close(): Promise<void> {
    const loaded = await this.#loaded?.catch(() => undefined);
    loaded?.client.destroy();
    loaded?.listening.destroy();
  }

  /** A request whose answer's head is there within seconds. */
  async #quick<T>(send: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await within(ANSWER_MS, signal, (both) => asked(() => send(both)));
    } catch (error) {
      if (error instanceof BucketError && isObjectMissing(error.reason)) {
        throw new ObjectMissingError('an object is not in the bucket');
      }
      throw error;
    }
  }

  #load(): Promise<Loaded> {
    this.#loaded ??= this.#clients();
    return this.#loaded;
  }

  async #clients(): Promise<Loaded> {
    const { endpoint, region, credentials, pathStyle } = this.#settings;
    // It would tell the operator of a version of the SDK that is not this one.
    process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
    const sdk = await import('@aws-sdk/client-s3');
    const client = (maxSockets: number): S3Client =>
      new sdk.S3Client({
        ...(endpoint === '' ? {} : { endpoint }),
        ...(credentials === null ? {} : { credentials }),
        region,
        forcePathStyle: pathStyle,
        maxAttempts: 1,
        logger: SILENT,
        // Not every S3-compatible server knows its trailing checksums; ours go in headers that all know.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: {
          connectionTimeout: CONNECT_MS,
          socketTimeout: IDLE_MS,
          httpAgent: { keepAlive: true, maxSockets },
          httpsAgent: { keepAlive: true, maxSockets },
        },
      });
    return { sdk, client: client(16), listening: client(MOST_DOWNLOADS) };
  }
}

function nothing(): void {
  // Nobody is to hear it.
}

interface Digests {
  readonly bytes: number;
  readonly md5: Buffer;
  readonly sha256: Buffer;
}

function digestsIn(content: Buffer): Digests {
  return {
    bytes: content.length,
    md5: createHash('md5').update(content).digest(),
    sha256: createHash('sha256').update(content).digest(),
  };
}

async function digestsOf(path: string, signal: AbortSignal): Promise<Digests> {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')];
  let bytes = 0;
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    md5.update(chunk);
    sha256.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, md5: md5.digest(), sha256: sha256.digest() };
}

/** Gives `work` a signal that aborts with `signal`, and after `ms` milliseconds. */
async function within<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  try {
    return await work(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function asked<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw new BucketError(reasonFor(error));
  }
}

/** What the doctor has a cure for. */
function troubleOf(error: unknown): string {
  if (error instanceof BucketError) return error.reason;
  return error instanceof ObjectMismatchError || error instanceof ObjectMissingError
    ? 'OTHER'
    : reasonFor(error);
}
