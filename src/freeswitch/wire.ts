import modesl from 'modesl';
import { EslProtocolError, EslTooLargeError } from './errors.js';

/** Header values as they came; `decodeHeader` undoes the percent-encoding where the message has it. */
export type WireHeaders = Readonly<Partial<Record<string, string>>>;

/** One message of the Event Socket protocol. */
export interface WireMessage {
  readonly headers: WireHeaders;
  /** "" when the message has none. Bytes that are not UTF-8 are U+FFFD. */
  readonly body: string;
}

export interface WireLimits {
  /** Most bytes of one header block. */
  readonly maxHeaderBytes: number;
  /** Most bytes of one body. */
  readonly maxBodyBytes: number;
}

export const DEFAULT_LIMITS: WireLimits = { maxHeaderBytes: 1024 * 1024, maxBodyBytes: 8 * 1024 * 1024 };

/** modesl's parser wants a socket to listen to; ours is pushed to. */
const NO_SOURCE = { on: (): void => undefined };

/**
 * Bytes to messages: modesl's framing, with everything above it replaced.
 *
 * modesl decodes every header with an unguarded decodeURIComponent, so that a Latin-1 display name
 * throws, and builds an event object per message; what does so is overridden here.
 */
export class WireParser extends modesl.Parser {
  readonly #deliver: (message: WireMessage) => void;
  readonly #limits: WireLimits;
  /** Chunks of an unfinished body. modesl would copy the whole body again for every chunk. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(deliver: (message: WireMessage) => void, limits: WireLimits = DEFAULT_LIMITS) {
    super(NO_SOURCE);
    this.#deliver = deliver;
    this.#limits = limits;
  }

  /**
   * Takes the next bytes and delivers every message that they complete.
   * @throws EslTooLargeError, EslProtocolError: the stream cannot be followed any further.
   */
  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.bodyLen > 0) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      if (this.buffer.length + this.#heldBytes < this.bodyLen) return;
      bytes = Buffer.concat(this.#held, this.#heldBytes);
      this.#held = [];
      this.#heldBytes = 0;
    }
    try {
      this._onData(bytes);
    } catch (error) {
      // modesl recurses once per message: a flood of empty ones in a single read ends the stack.
      if (error instanceof RangeError)
        throw new EslProtocolError('too many messages at once', { cause: error });
      throw error;
    }
    if (this.bodyLen === 0 && this.buffer.length > this.#limits.maxHeaderBytes) {
      throw new EslTooLargeError('a header block is too long');
    }
  }

  /** modesl's own looks at one byte after the other. */
  protected override _indexOfHeaderEnd(): number {
    return this.buffer.indexOf('\n\n');
  }

  protected override _parseHeaderText(text: string): Record<string, string | number> {
    const headers = Object.create(null) as Record<string, string | number>;
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const name = line.slice(0, colon);
      // The first one counts: nothing that is appended to a block can replace what FreeSWITCH put first.
      if (name in headers) continue;
      const value = line.slice(colon + 1).trim();
      headers[name] = name === 'Content-Length' ? this.#bodyLength(value) : value;
    }
    return headers;
  }

  protected override _parseEvent(headers: Record<string, string | number>, body = ''): void {
    this.#deliver({ headers: headers as unknown as WireHeaders, body });
  }

  #bodyLength(value: string): number {
    if (!/^\d{1,15}$/.test(value)) throw new EslProtocolError('Content-Length is not a number');
    const length = Number(value);
    if (length > this.#limits.maxBodyBytes) throw new EslTooLargeError('a body is too long');
    return length;
  }
}

/**
 * Undoes FreeSWITCH's percent-encoding. A value that is not percent-encoded UTF-8, such as a
 * display name in Latin-1, is returned as it came: a caller's phone must not be able to stop us.
 */
export function decodeHeader(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
