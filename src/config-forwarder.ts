import { readFileSync } from 'node:fs';
import { z } from 'zod';

import { settingsOf } from './config-environment.js';
import type { LogLevel } from './config.js';
import * as value from './config-values.js';

/** What the process that forwards CDRs needs to know. */
export interface ForwarderConfig {
  /** Absolute path. */
  readonly folder: string;
  /** `host:port` of the controllers' CDR ports. */
  readonly hosts: readonly string[];
  readonly secret: string;
  readonly logLevel: LogLevel;
}

const ENVIRONMENT = z.object({
  CDR_DIR: value.folder('/var/lib/maskline/cdr'),
  CDR_HOSTS: value.cdrHosts('127.0.0.1:8085'),
  QUESTION_SECRET: value.secret(),
  LOG_LEVEL: value.logLevel('info'),
});

/** As `loadConfig`, for the process that forwards CDRs. Throws ConfigError. */
export function loadForwarderConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): ForwarderConfig {
  const given = settingsOf(ENVIRONMENT, ['QUESTION_SECRET'], env, readFile);
  return {
    folder: given.CDR_DIR,
    hosts: given.CDR_HOSTS.map(({ host, port }) => `${host}:${port}`),
    secret: given.QUESTION_SECRET,
    logLevel: given.LOG_LEVEL,
  };
}
