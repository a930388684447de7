import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressList } from '../address-list.js';
import { CdrRefusedError } from './errors.js';
import type { Log } from './log.js';
import { sameText } from './same-text.js';

export interface CdrServerOptions {
  readonly host: string;
  /** 0 lets the system choose; `address` tells. */
  readonly port: number;
  /** What FreeSWITCH proves itself with: the password of Basic authentication, for the user `cdr`. */
  readonly secret: string;
  /** Addresses and CIDR blocks of the nodes. */
  readonly allow: readonly string[];
  /** Takes one parsed document. It is safe, and FreeSWITCH is told so, once this resolves. */
  readonly handle: (document: unknown) => Promise<void>;
  /** Whether a rejection says that nobody can take any document now (503), rather than this one (500). Default: never. */
  readonly isOutage?: (error: unknown) => boolean;
  /** What a line of the log about a document names. Default nothing. */
  readonly subjectOf?: (document: unknown) => Readonly<Record<string, string>>;
  readonly log: Log;
  /** Milliseconds for `handle`; default 1500. FreeSWITCH waits two seconds in the thread of the leg. */
  readonly handleTimeoutMs?: number;
  /** Largest document in bytes; default 1 MiB. */
  readonly maxBytes?: number;
  /** Most documents at a time; default 500. */
  readonly maxAtATime?: number;
}

/** User of the Basic authentication, and the path that documents are posted to. */
export const CDR_USER = 'cdr';
export const CDR_PATH = '/cdr';

/** Milliseconds that a request may take to arrive, headers and all. */
const ARRIVAL_MS = 5_000;

/**
 * The port where mod_json_cdr posts the document of a leg that ended. A 2xx says that the document's leg is
 * in the store, on its disk; anything else leaves it to the file that FreeSWITCH wrote before.
 *
 * Only peers on the list that know the secret are listened to. Documents hold real numbers: neither they nor
 * anything that was read from them is logged.
 */
export class CdrServer {
  readonly #options: Required<CdrServerOptions>;
  readonly #allowed: AddressList;
  readonly #credentials: string;
  readonly #working = new Set<Promise<void>>();
  #server: Server | undefined;
  #address: AddressInfo | undefined;

  /** @throws RangeError for a bad entry of `allow`, or an empty secret. */
  constructor(options: CdrServerOptions) {
    if (options.secret === '') throw new RangeError('the secret for CDRs is empty');
    this.#options = {
      handleTimeoutMs: 1_500,
      maxBytes: 1_048_576,
      maxAtATime: 500,
      isOutage: () => false,
      subjectOf: () => ({}),
      ...options,
    };
    this.#allowed = new AddressList(options.allow);
    this.#credentials = `Basic ${Buffer.from(`${CDR_USER}:${options.secret}`).toString('base64')}`;
  }

  /** Where it listens or last listened; undefined before the first time. */
  get address(): AddressInfo | undefined {
    return this.#address;
  }

  /** Starts to listen. Rejects with the system's error, such as EADDRINUSE. */
  async listen(): Promise<void> {
    const { host, port, maxAtATime, log } = this.#options;
    const limits = {
      headersTimeout: ARRIVAL_MS,
      requestTimeout: ARRIVAL_MS,
      connectionsCheckingInterval: 1_000,
    };
    const server = createServer(limits, (request, response) => void this.#take(request, response));
    // FreeSWITCH makes a connection for each document.
    server.maxConnections = maxAtATime;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (err) => log.error({ err }, 'the CDR port failed'));
    this.#server = server;
    this.#address = server.address() as AddressInfo;
    log.info({ host, port: this.#address.port }, 'CDRs are taken');
  }

  /** Stops listening, lets documents finish for at most `deadlineMs` milliseconds, then cuts them off. */
  async close(deadlineMs = 3_000): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
    await closed;
    clearTimeout(deadline);
    await Promise.all(this.#working);
  }

  /** Never rejects. */
  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log, subjectOf } = this.#options;
    const peer = request.socket.remoteAddress ?? '';
    // A peer that went away is told nothing; its file is still there.
    response.on('error', (err) => log.debug({ err }, 'a CDR connection failed'));
    let document: unknown;
    try {
      this.#admit(request, peer);
      document = await this.#read(request);
      await this.#handled(document);
      this.#answer(response, 200);
    } catch (error) {
      const refusal = this.#refusalFor(error);
      log.warn({ err: refusal, ...subjectOf(document), peer }, 'a CDR that was posted was not taken');
      this.#answer(response, refusal.status);
    }
  }

  #refusalFor(error: unknown): CdrRefusedError {
    if (error instanceof CdrRefusedError) return error;
    const status = this.#options.isOutage(error) ? 503 : 500;
    return new CdrRefusedError(status, 'a CDR could not be taken', { cause: error });
  }

  /** Says nothing of why, and reads nothing, before both the address and the secret are right. */
  #admit(request: IncomingMessage, peer: string): void {
    const { maxBytes, maxAtATime } = this.#options;
    if (!this.#allowed.includes(peer)) {
      throw new CdrRefusedError(403, 'a CDR came from an address that is not on the list');
    }
    if (!sameText(request.headers.authorization ?? '', this.#credentials)) {
      throw new CdrRefusedError(403, 'a CDR came without the right secret');
    }
    // mod_json_cdr adds the UUID as a query.
    if (request.url?.split('?', 1)[0] !== CDR_PATH) throw new CdrRefusedError(404, 'a CDR has another path');
    if (request.method !== 'POST') throw new CdrRefusedError(405, 'a CDR is posted');
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
    if (this.#working.size >= maxAtATime) throw new CdrRefusedError(503, 'too many CDRs at a time');
  }

  /** mod_json_cdr may give any type of content: what counts is that it is JSON. */
  async #read(request: IncomingMessage): Promise<unknown> {
    const body = await this.#body(request);
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch {
      // The error of the parser repeats what it read.
      throw new CdrRefusedError(400, 'a CDR is not JSON');
    }
  }

  /** By its events: to break off an iteration would end the connection ahead of the answer. */
  #body(request: IncomingMessage): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= this.#options.maxBytes) {
          chunks.push(chunk);
          return;
        }
        request.removeAllListeners('data').pause();
        reject(tooLarge());
      });
      request.on('end', () => resolve(Buffer.concat(chunks)));
      request.on('error', reject);
      // It comes after the end as well, when there is nothing left to say: an error would be made for every document.
      request.on('close', () => {
        if (!request.complete) reject(new CdrRefusedError(400, 'a CDR broke off'));
      });
    });
  }

  /** Rejects when it takes too long; what was begun goes on, and is heard to its end. */
  async #handled(document: unknown): Promise<void> {
    const { handle, handleTimeoutMs, subjectOf, log } = this.#options;
    let isLate = false;
    const work = Promise.resolve(document).then(handle);
    const heard = work
      .catch((err: unknown) => {
        if (isLate) log.warn({ err, ...subjectOf(document) }, 'a CDR could not be taken, after its deadline');
      })
      .finally(() => this.#working.delete(heard));
    this.#working.add(heard);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(new CdrRefusedError(503, `a CDR was not taken within ${handleTimeoutMs} ms`));
      }, handleTimeoutMs);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What is left of a body that was refused is not read: the connection ends with the answer. */
  #answer(response: ServerResponse, status: number): void {
    if (response.destroyed) return;
    response.writeHead(status, { connection: 'close', 'content-length': 0 }).end();
  }
}

function tooLarge(): CdrRefusedError {
  return new CdrRefusedError(413, 'a CDR is too large');
}
