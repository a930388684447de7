import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from './api-client.js';
import { CliCredentialsError, CliError, CliNotFoundError } from './errors.js';
import { EventStreamReader, type StreamEvent } from '../event-stream.js';

export interface FeedOptions {
  /** Below `/v1/Account/{auth_id}/`. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Hears of every connection that ended, why, and after how many seconds the next is tried. */
  readonly onRetry: (why: string, seconds: number) => void;
  /** Milliseconds of silence after which the connection counts as dead: the server speaks every 15 s. */
  readonly silenceMs?: number;
  /** Milliseconds before the first attempt to connect again; they double up to 30 s. */
  readonly firstDelayMs?: number;
}

const SILENCE_MS = 45_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

/**
 * The events of a stream, for as long as the signal lets it: a connection that ends is followed by another, which goes
 * on after the last event that came. Throws CliError when the API will never give the stream.
 */
export async function* feed(client: ApiClient, options: FeedOptions): AsyncGenerator<StreamEvent> {
  const { signal, firstDelayMs = FIRST_DELAY_MS } = options;
  const isOver = (): boolean => signal.aborted;
  let last = '';
  let delay = firstDelayMs;
  while (!isOver()) {
    let why = 'the controller closed the connection';
    try {
      for await (const event of oneConnection(client, options, last)) {
        if (event.id !== '') last = event.id;
        delay = firstDelayMs;
        yield event;
      }
    } catch (error) {
      if (isOver()) return;
      if (error instanceof CliCredentialsError || error instanceof CliNotFoundError) throw error;
      why = error instanceof CliError ? error.message : 'the connection was lost';
    }
    if (isOver()) return;
    options.onRetry(why, delay / 1_000);
    await sleep(delay, undefined, { signal }).catch(() => undefined);
    delay = Math.min(LONGEST_DELAY_MS, delay * 2);
  }
}

async function* oneConnection(
  client: ApiClient,
  { path, silenceMs = SILENCE_MS }: FeedOptions,
  last: string,
): AsyncGenerator<StreamEvent> {
  const response = await client.open('GET', path, {
    headers: { accept: 'text/event-stream', ...(last === '' ? {} : { 'last-event-id': last }) },
    timeoutMs: silenceMs,
  });
  if (!response.ok || response.body === null) throw await client.refusalOf(response);
  const reader = new EventStreamReader();
  const decoder = new TextDecoder();
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    yield* reader.push(decoder.decode(chunk, { stream: true }));
  }
}
