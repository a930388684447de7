import { waitAfter } from './backoff.js';
import { CONSOLE_HEADER } from './client.js';
import { EventStreamReader, type StreamEvent } from '../../../src/event-stream.js';

export interface FeedListener {
  /** An event of the controller. */
  event(event: StreamEvent): void;
  /** From now on events come, and what was missed was told again unless a `reset` event comes. */
  connected(): void;
  /** Nothing comes; it is tried again by itself after `waitMs` milliseconds. */
  lost(waitMs: number): void;
  /** The cookie is not taken any more: it is not tried again. */
  refused(): void;
}

/** The controller says something each 15 s: longer than that twice, and the connection is dead. Milliseconds. */
const SILENCE_MS = 40_000;

/**
 * The live feed. Not an EventSource: that gives up for ever at the first answer that is no stream, such as a proxy's 502, and
 * does not notice a connection that is dead without having closed.
 */
export class Feed {
  private lastId = '';
  private failures = 0;
  private abort: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly listener: FeedListener,
  ) {}

  /** Connects now, whatever it waits for. */
  open(): void {
    if (this.closed) return;
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    void this.run(abort);
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.abort?.abort();
    this.abort = null;
  }

  /** Never rejects. */
  private async run(abort: AbortController): Promise<void> {
    let status = 0;
    try {
      const response = await fetch(this.path, {
        headers: {
          ...CONSOLE_HEADER,
          accept: 'text/event-stream',
          ...(this.lastId === '' ? {} : { 'last-event-id': this.lastId }),
        },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: abort.signal,
      });
      status = response.status;
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (response.ok && isStream && response.body !== null) {
        this.failures = 0;
        this.listener.connected();
        await this.read(response.body, abort);
      }
    } catch {
      // However it ended, the same follows: it is tried again.
    }
    if (this.closed || this.abort !== abort) return;
    if (status === 401) {
      this.listener.refused();
      return;
    }
    const wait = waitAfter(this.failures++, Math.random());
    this.listener.lost(wait);
    this.timer = setTimeout(() => this.open(), wait);
  }

  private async read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const parser = new EventStreamReader();
    const reader = body
      .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .getReader();
    for (;;) {
      // Aborting the request makes the read fail.
      const silence = setTimeout(() => abort.abort(), SILENCE_MS);
      try {
        const { done, value } = await reader.read();
        if (done) return;
        for (const event of parser.push(value)) {
          if (event.id !== '') this.lastId = event.id;
          this.listener.event(event);
        }
      } finally {
        clearTimeout(silence);
      }
    }
  }
}
