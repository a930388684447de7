import type { AccountApi } from '../api/account.js';
import type { StreamEvent } from '../../../src/event-stream.js';
import { Feed } from '../api/feed.js';
import { PAGE_SIZE } from '../api/account.js';
import type { CallTraceSummary, FeedStep } from '../api/trace.js';
import { advanced } from './live-step.js';
import { Store } from './store.js';

export type Connection =
  | { readonly state: 'connecting' | 'live' }
  /** `since`: this machine's time, milliseconds; `waitMs`: until it is tried again. */
  | { readonly state: 'lost'; readonly since: number; readonly waitMs: number };

/** Calls that are up, newest first, by what the feed tells. `isComplete`: false when there are more than are listed. */
export interface Running {
  readonly calls: readonly CallTraceSummary[];
  readonly isComplete: boolean;
}

/** Pages of the list that are read, the newest calls first. */
const MOST_PAGES = 5;
/** Steps come in bursts: the list is asked for at most so often. Milliseconds. */
const LIST_EVERY_MS = 1_500;
/** And even when no step comes, so that what the feed could not tell is seen. Milliseconds. */
const LIST_AT_LEAST_MS = 30_000;

/** The calls that are up, kept by the live feed for as long as somebody is logged in. */
export class LiveCalls {
  readonly running = new Store<Running | null>(null);
  readonly connection = new Store<Connection>({ state: 'connecting' });
  /** Each step that the feed tells. */
  readonly step = new Store<FeedStep | null>(null);

  private readonly feed: Feed;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private timerAt = 0;
  private listedAt = 0;
  private turn = 0;
  private closed = false;
  private readonly wake = (): void => {
    if (this.connection.value.state === 'lost' && !document.hidden) this.feed.open();
  };

  constructor(
    private readonly api: AccountApi,
    onRefused: () => void,
  ) {
    this.feed = new Feed(api.feedPath, {
      event: (event) => this.take(event),
      connected: () => {
        this.connection.set({ state: 'live' });
        this.listWithin(0);
      },
      lost: (waitMs) => {
        const before = this.connection.value;
        this.connection.set({
          ...{ state: 'lost', waitMs, since: before.state === 'lost' ? before.since : Date.now() },
        });
      },
      refused: onRefused,
    });
    addEventListener('online', this.wake);
    document.addEventListener('visibilitychange', this.wake);
    this.feed.open();
    this.listWithin(0);
  }

  /** Tries to connect now. */
  reconnect(): void {
    this.feed.open();
  }

  close(): void {
    this.closed = true;
    this.feed.close();
    if (this.timer !== null) clearTimeout(this.timer);
    removeEventListener('online', this.wake);
    document.removeEventListener('visibilitychange', this.wake);
  }

  private take(event: StreamEvent): void {
    if (event.event === 'step') {
      const step = JSON.parse(event.data) as FeedStep;
      const { value } = this.running;
      if (value !== null) this.running.set({ ...value, calls: advanced(value.calls, step) });
      this.step.set(step);
    }
    // A `reset` says that steps are missing: then the list is the truth.
    this.listWithin(Math.max(0, LIST_EVERY_MS - (Date.now() - this.listedAt)));
  }

  private listWithin(ms: number): void {
    if (this.closed) return;
    const at = Date.now() + ms;
    if (this.timer !== null) {
      if (this.timerAt <= at) return;
      clearTimeout(this.timer);
    }
    this.timerAt = at;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.list();
    }, ms);
  }

  private async list(): Promise<void> {
    this.listedAt = Date.now();
    const turn = ++this.turn;
    try {
      const running = await this.runningNow();
      if (turn === this.turn) this.running.set(running);
    } catch {
      // The banner tells of a lost connection; what is known stays until the next time.
    }
    this.listWithin(LIST_AT_LEAST_MS);
  }

  private async runningNow(): Promise<Running> {
    const calls = new Map<string, CallTraceSummary>();
    let isComplete = false;
    for (let page = 0; page < MOST_PAGES && !isComplete; page++) {
      const query = { status: 'live', limit: PAGE_SIZE, offset: page * PAGE_SIZE };
      const { meta, objects } = await this.api.calls(query);
      for (const call of objects) calls.set(call.call_uuid, call);
      isComplete = meta.offset + objects.length >= meta.total_count;
    }
    return { calls: [...calls.values()], isComplete };
  }
}
