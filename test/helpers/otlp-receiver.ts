import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

type Value = string | number | boolean;

/** A span as it arrived. Times in milliseconds since the epoch. */
export interface SpanSeen {
  readonly traceId: string;
  readonly id: string;
  /** "" for the root of a trace. */
  readonly parent: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly events: readonly { readonly name: string; readonly at: number }[];
  readonly isFailure: boolean;
  readonly resource: Readonly<Record<string, Value>>;
}

/** An OTLP/HTTP receiver of traces, which reads protobuf by itself (opentelemetry-proto: trace.proto, common.proto). */
export class OtlpReceiver {
  readonly spans: SpanSeen[] = [];
  readonly bodies: Buffer[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.#take(request, Buffer.concat(chunks));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #take(request: IncomingMessage, sent: Buffer): void {
    if (request.url !== '/v1/traces' || request.headers['content-type'] !== 'application/x-protobuf') {
      throw new Error(`no export of traces: ${request.url} ${request.headers['content-type']}`);
    }
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    this.headers.push(request.headers);
    this.bodies.push(body);
    for (const ofResource of read(body).messages(1)) {
      const [resource] = ofResource.messages(1);
      const attributes = resource === undefined ? {} : attributesOf(resource, 1);
      for (const scope of ofResource.messages(2)) {
        this.spans.push(...scope.messages(2).map((span) => spanFrom(span, attributes)));
      }
    }
  }
}

function spanFrom(span: Message, resource: SpanSeen['resource']): SpanSeen {
  return {
    traceId: span.bytes(1).toString('hex'),
    id: span.bytes(2).toString('hex'),
    parent: span.bytes(4).toString('hex'),
    name: span.bytes(5).toString(),
    start: span.instant(7),
    end: span.instant(8),
    attributes: attributesOf(span, 9),
    events: span.messages(11).map((event) => ({ name: event.bytes(2).toString(), at: event.instant(1) })),
    isFailure: span.messages(15).some((status) => status.number(3) === 2),
    resource,
  };
}

function attributesOf(message: Message, field: number): Record<string, Value> {
  const entries = message.messages(field).map((pair): [string, Value] => {
    const [value] = pair.messages(2);
    if (value === undefined) throw new Error('an attribute without a value');
    if (value.has(1)) return [pair.bytes(1).toString(), value.bytes(1).toString()];
    if (value.has(2)) return [pair.bytes(1).toString(), value.number(2) === 1];
    if (value.has(3)) return [pair.bytes(1).toString(), value.number(3)];
    throw new Error('an attribute that is no text, number or flag');
  });
  return Object.fromEntries(entries);
}

/** A protobuf message by its field numbers. */
class Message {
  readonly #fields: ReadonlyMap<number, readonly (bigint | Buffer)[]>;

  constructor(fields: ReadonlyMap<number, readonly (bigint | Buffer)[]>) {
    this.#fields = fields;
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  messages(field: number): Message[] {
    return (this.#fields.get(field) ?? []).map((value) => read(value as Buffer));
  }

  bytes(field: number): Buffer {
    return (this.#fields.get(field)?.at(-1) ?? Buffer.alloc(0)) as Buffer;
  }

  number(field: number): number {
    return Number(this.#fields.get(field)?.at(-1) ?? 0n);
  }

  /** A fixed64 of nanoseconds, in milliseconds. */
  instant(field: number): number {
    // A double holds the microseconds of our times, and not their nanoseconds.
    return Number((this.#fields.get(field)?.at(-1) as bigint) / 1_000n) / 1_000;
  }
}

function read(body: Buffer): Message {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body[at++];
      if (byte === undefined) throw new Error('a message is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const taken = (length: number): Buffer => {
    if (at + length > body.length) throw new Error('a message is cut off');
    at += length;
    return body.subarray(at - length, at);
  };
  while (at < body.length) {
    const tag = Number(varint());
    const readers: Record<number, () => bigint | Buffer> = {
      0: varint,
      1: () => taken(8).readBigUInt64LE(),
      2: () => taken(Number(varint())),
      5: () => BigInt(taken(4).readUInt32LE()),
    };
    const value = readers[tag & 7]?.();
    if (value === undefined) throw new Error(`wire type ${tag & 7}`);
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return new Message(fields);
}
