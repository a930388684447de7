/** One event of a `text/event-stream`. */
export interface StreamEvent {
  /** The last one that was told, "" before the first. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/**
 * Takes a `text/event-stream` apart as it arrives (WHATWG HTML, 9.2.6). No I/O: `push` gives the events that became whole.
 * `retry` is left out, since the feed waits by a rule of its own.
 */
export class EventStreamParser {
  private rest = '';
  private id = '';
  private type = '';
  private data: string[] = [];

  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    // A CR at the very end may be half of a CRLF.
    const all = this.rest + text;
    const whole = all.endsWith('\r') ? all.slice(0, -1) : all;
    const lines = whole.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? '') + all.slice(whole.length);
    for (const line of lines) {
      if (line === '') {
        const event = this.dispatch();
        if (event !== null) events.push(event);
      } else if (!line.startsWith(':')) this.take(line);
    }
    return events;
  }

  private take(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.type = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
  }

  private dispatch(): StreamEvent | null {
    const { id, type, data } = this;
    this.type = '';
    this.data = [];
    return data.length === 0 ? null : { id, type: type === '' ? 'message' : type, data: data.join('\n') };
  }
}
