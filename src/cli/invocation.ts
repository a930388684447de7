import { readFileSync } from 'node:fs';
import type { Command } from 'commander';

import { ApiClient } from './api-client.js';
import { connectionOf } from './connection.js';
import { environmentIn, type Environment } from './environment.js';
import { Terminal, type World } from './terminal.js';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly authId?: string;
  readonly authToken?: string;
  readonly account?: string;
  readonly json?: boolean;
  readonly reveal?: boolean;
}

/** One run of one command: its options, the terminal and the API. */
export class Invocation {
  readonly terminal: Terminal;
  readonly options: GlobalOptions;
  readonly world: World;
  #environment: Environment | undefined;
  #client: ApiClient | undefined;

  constructor(world: World, options: GlobalOptions) {
    this.world = world;
    this.options = options;
    this.terminal = new Terminal(world);
  }

  get json(): boolean {
    return this.options.json === true;
  }

  /** Numbers of people and PINs show in full. */
  get reveal(): boolean {
    return this.options.reveal === true;
  }

  /** Throws CliUsageError. */
  get environment(): Environment {
    this.#environment ??= environmentIn(this.world.folder, this.world.variables);
    return this.#environment;
  }

  /** Throws CliUsageError when the settings do not say where the API is and who asks. */
  get client(): ApiClient {
    if (this.#client === undefined) {
      const connection = connectionOf(this.options, this.environment.variables, (path) =>
        readFileSync(path, 'utf8'),
      );
      this.#client = new ApiClient(connection, this.world.signal);
      this.#client.onWait = (seconds) =>
        this.terminal.say(`the API’s rate limit is reached: going on in ${seconds} s`);
    }
    return this.#client;
  }

  /** The document as JSON with `--json`, else the lines that `human` makes of it. */
  async show(document: unknown, human: () => readonly string[]): Promise<void> {
    const lines = this.json ? [JSON.stringify(document, null, 2)] : human();
    for (const line of lines) await this.terminal.print(line);
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}

export type Action = (run: Invocation, args: readonly string[], options: Options) => Promise<void>;

/** What the options of a command are, by the names that commander gives them. */
export type Options = Readonly<Record<string, string | boolean | number | undefined>>;

/** Makes `command` carry out `action`. */
export function does(command: Command, world: World, action: Action): Command {
  return command.action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command;
    const run = new Invocation(world, self.optsWithGlobals());
    try {
      await action(run, self.processedArgs.flat() as string[], self.opts());
    } finally {
      await run.close();
    }
  });
}
