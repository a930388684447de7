/** One command as mod_event_socket reads it: a line, headers, and a body when there is a content-length. */
export interface Command {
  /** The first line: `api status`. */
  readonly line: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const MAX_BYTES = 1024 * 1024;

/** Bytes to commands, for both directions of the Event Socket. */
export class CommandReader {
  #buffer = Buffer.alloc(0);
  #pending: { line: string; headers: Map<string, string>; length: number } | null = null;

  /**
   * The commands that these bytes complete.
   * @throws RangeError when a command is too long; close the connection then.
   */
  push(chunk: Buffer): Command[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (this.#buffer.length > MAX_BYTES) throw new RangeError('a command is too long');
    const commands: Command[] = [];
    for (let command = this.#next(); command !== null; command = this.#next()) commands.push(command);
    return commands;
  }

  #next(): Command | null {
    if (this.#pending === null && !this.#readHeader()) return null;
    const pending = this.#pending;
    if (pending === null || this.#buffer.length < pending.length) return null;
    const body = this.#buffer.toString('utf8', 0, pending.length);
    this.#buffer = this.#buffer.subarray(pending.length);
    this.#pending = null;
    return { line: pending.line, headers: pending.headers, body };
  }

  #readHeader(): boolean {
    // Empty lines before a command are skipped.
    let start = 0;
    while (this.#buffer[start] === 0x0a || this.#buffer[start] === 0x0d) start += 1;
    const text = this.#buffer.toString('utf8', start);
    const end = /\r?\n\r?\n/.exec(text);
    if (end === null) {
      this.#buffer = this.#buffer.subarray(start);
      return false;
    }
    const [line = '', ...rest] = text.slice(0, end.index).split(/\r?\n/);
    const headers = new Map<string, string>();
    for (const header of rest) {
      const colon = header.indexOf(':');
      if (colon > 0) headers.set(header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim());
    }
    const used = Buffer.byteLength(text.slice(0, end.index + end[0].length));
    this.#buffer = this.#buffer.subarray(start + used);
    const length = Number(headers.get('content-length') ?? 0);
    this.#pending = { line, headers, length: Number.isSafeInteger(length) && length > 0 ? length : 0 };
    return true;
  }
}

/** A reply to a command. */
export function commandReply(text: string, extra = ''): string {
  return `Content-Type: command/reply\nReply-Text: ${text}\n${extra}\n`;
}

/** What is said before a connection is closed by us. */
export function disconnectNotice(uuid?: string): string {
  const body = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
  const session = uuid === undefined ? '' : `Controlled-Session-UUID: ${uuid}\n`;
  const disposition = uuid === undefined ? '' : 'Content-Disposition: disconnect\n';
  return `Content-Type: text/disconnect-notice\n${session}${disposition}Content-Length: ${body.length}\n\n${body}`;
}
