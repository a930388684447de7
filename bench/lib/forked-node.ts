import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import type { LoadOptions, LoadResult } from './sim-load.js';

/** What a simulated node is started with. */
export interface NodeSetting {
  readonly name: string;
  /** `host:port` of the controllers that it asks, and that it posts CDRs to, in order. */
  readonly questionHosts: readonly string[];
  readonly cdrHosts: readonly string[];
  readonly questionSecret: string;
  readonly eventSocketPort: number;
  readonly password: string;
  /** A folder of its own. */
  readonly cdrDir: string;
  readonly trunk: string;
}

/** A load, as it goes to another process: the n-th caller dials the n-th of the numbers, over and over. */
export type NodeLoad = Omit<LoadOptions, 'dials'> & { readonly numbers: readonly string[] };

/** What the process says: that it is up, or what came of a load. */
export type NodeNews = { readonly up: true } | { readonly result: LoadResult };

/** A simulated FreeSWITCH with its phones, in a process of its own. */
export class ForkedNode {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves once it listens. `opened`: see openWatched. */
  static async start(setting: NodeSetting, opened: (() => Promise<unknown>)[]): Promise<ForkedNode> {
    const child = fork(new URL('./sim-node.ts', import.meta.url), [JSON.stringify(setting)], {
      execArgv: ['--import', 'tsx'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const node = new ForkedNode(child);
    opened.push(() => node.#kill());
    await node.#news();
    return node;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Places the calls; resolves once all are over. One load at a time. */
  async run(load: NodeLoad): Promise<LoadResult> {
    const news = this.#news();
    this.#child.send(load);
    const said = await news;
    if (!('result' in said)) throw new Error('a node came up twice');
    return said.result;
  }

  async #news(): Promise<NodeNews> {
    const gone = new AbortController();
    const exited = once(this.#child, 'exit', { signal: gone.signal }).then(([code]) => {
      throw new Error(`a simulated node ended with ${String(code)}`);
    });
    try {
      const message = once(this.#child, 'message', { signal: gone.signal });
      const [news] = (await Promise.race([message, exited])) as [NodeNews];
      return news;
    } finally {
      gone.abort();
    }
  }

  async #kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
