/** What a run has to know. */
export interface FuzzOptions {
  /** Messages, requests or streams to send. */
  readonly count: number;
  readonly seed: number;
  /** Called now and then with how many are through. */
  readonly progress: (done: number) => void;
}

export interface FuzzResult {
  readonly target: string;
  readonly sent: number;
  /** Milliseconds. */
  readonly elapsedMs: number;
  /** What was looked at and how often something was there to be looked at. */
  readonly checked: Readonly<Record<string, number>>;
  /** What must not have happened, in words, with what it takes to do it again. */
  readonly findings: readonly string[];
}

/** Findings beyond this many are counted, not kept. */
const MOST_KEPT = 20;

/** Collects what must not happen. */
export class Findings {
  readonly #kept: string[] = [];
  #count = 0;

  add(finding: string): void {
    this.#count += 1;
    if (this.#kept.length < MOST_KEPT) this.#kept.push(finding);
  }

  get list(): readonly string[] {
    const more = this.#count - this.#kept.length;
    return more === 0 ? this.#kept : [...this.#kept, `and ${more} more`];
  }
}

/** Reports what no promise and no callback catches: while it is watched for, it does not end the process. */
export function watchForUncaught(findings: Findings): () => void {
  const note = (error: unknown): void => {
    findings.add(
      `not caught by anybody: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  return () => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  };
}
