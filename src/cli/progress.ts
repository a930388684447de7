import type { Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Milliseconds between two looks of a line that is rewritten, and between two lines where that cannot be. */
const REDRAW_MS = 100;
const LINE_MS = 10_000;

/**
 * How far something is, on stderr: one line that is rewritten on a terminal, else a line every ten seconds, so that
 * logs stay short and nothing shows for what is quick.
 */
export class Progress {
  readonly #stream: Screen;
  readonly #onEnd: () => void;
  readonly #startedAt = performance.now();
  #drawnAt: number;
  #isDrawn = false;
  #ticking: NodeJS.Timeout | undefined;

  constructor(stream: Screen, onEnd: () => void) {
    this.#stream = stream;
    this.#onEnd = onEnd;
    this.#drawnAt = stream.isTTY === true ? -Infinity : this.#startedAt;
  }

  /** Tells the latest. Costs nothing when it was told a moment ago. */
  update(text: string): void {
    const now = performance.now();
    const onScreen = this.#stream.isTTY === true;
    if (now - this.#drawnAt < (onScreen ? REDRAW_MS : LINE_MS)) return;
    this.#drawnAt = now;
    if (!onScreen) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`\r\u001b[2K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    this.#isDrawn = true;
  }

  /** Tells `text` and the seconds that have passed, until the end: for what says nothing meanwhile. */
  tick(text: string): void {
    const tell = (): void => {
      const seconds = Math.floor((performance.now() - this.#startedAt) / 1_000);
      this.update(`${text} (${seconds} s)`);
    };
    tell();
    this.#ticking ??= setInterval(tell, 1_000);
  }

  /** Takes the line away, so that another one can be written in its place. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#stream.write('\r\u001b[2K');
    this.#isDrawn = false;
    this.#drawnAt = -Infinity;
  }

  end(): void {
    clearInterval(this.#ticking);
    this.clear();
    this.#onEnd();
  }
}

/** `120 of 4031 sessions`, or `120 sessions` while nobody knows how many there are. */
export function counted(done: number, total: number | null, what: string): string {
  return total === null ? `${done} ${what}` : `${done} of ${total} ${what}`;
}
