import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  commonPart,
  needed,
  type NamedFiles,
  type NamedText,
  type RunningStack,
  type Settings,
} from './running-stack.js';

/** Where a stack that was started by hand on this machine leaves its traces. */
export interface LocalTraces {
  /** Files that the controllers log to. */
  readonly controllerLogs: readonly string[];
  /** Files that FreeSWITCH logs to. */
  readonly freeswitchLogs: readonly string[];
  /** Folder of Redis' append-only files; the newest key of what an auditor asks for. */
  readonly redisFolder: string;
}

/** A stack without Docker: every file is on this machine. */
export function localStack(settings: Settings, traces: LocalTraces): RunningStack {
  const read = async (name: string, files: readonly string[]): Promise<NamedText[]> =>
    Promise.all(
      files.map(async (file) => ({ name: `${name} (${file})`, text: await readFile(file, 'latin1') })),
    );
  return {
    ...commonPart(settings),
    redisUrl: needed(settings, 'REDIS_URL'),
    async logs() {
      return [
        ...(await read('log of the controller', traces.controllerLogs)),
        ...(await read('log of FreeSWITCH', traces.freeswitchLogs)),
      ];
    },
    async filesOfRedis() {
      const names = await readdir(traces.redisFolder);
      const files = names.filter((name) => name.endsWith('.aof') || name.endsWith('.rdb'));
      const texts = await Promise.all(
        files.map((name) => readFile(join(traces.redisFolder, name), 'latin1')),
      );
      return [{ name: 'append-only file of Redis', text: texts.join('\n') }];
    },
    async folders(): Promise<readonly NamedFiles[]> {
      return Promise.all(
        ['RECORDINGS_DIR', 'PROMPTS_DIR', 'CDR_DIR'].map(async (name) => ({
          name,
          names: await readdir(needed(settings, name)),
        })),
      );
    },
  };
}
