/** One event of a text/event-stream. */
export interface StreamEvent {
  /** "" for none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Most characters of an event that has not ended. */
const MOST = 1_048_576;

/** Reads a text/event-stream (HTML Living Standard, 9.2.6) from its pieces. */
export class EventStreamReader {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  /** The events that `text` completes. Throws RangeError for one without end. */
  push(text: string): StreamEvent[] {
    // A CR at the end may be half a line's end.
    const whole = this.#rest + text;
    const end = whole.endsWith('\r') ? whole.length - 1 : whole.length;
    const lines = whole.slice(0, end).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? '') + whole.slice(end);
    if (this.#rest.length > MOST) throw new RangeError('an event without end');
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): StreamEvent[] {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    // A comment: the server says that it lives.
    if (colon === 0) return [];
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    return [];
  }

  #dispatch(): StreamEvent[] {
    const [data, event] = [this.#data, this.#event];
    this.#data = [];
    this.#event = '';
    if (data.length === 0) return [];
    return [{ id: this.#id, event: event === '' ? 'message' : event, data: data.join('\n') }];
  }
}
