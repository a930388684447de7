import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { missingAs } from '../missing-file.js';
import { CliUsageError } from './errors.js';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Environment {
  /** Those of the process and, where it has none or an empty one, those of the file. */
  readonly variables: Variables;
  /** What `.env` of the working directory gives; null without one. */
  readonly file: Variables | null;
}

/** The variables of the process, and those that `.env` in `folder` adds. Throws CliUsageError for a file that cannot be read. */
export function environmentIn(folder: string, variables: Variables): Environment {
  const file = fileIn(folder);
  if (file === null) return { variables, file };
  const given = Object.entries(variables).filter(([, value]) => (value ?? '').trim() !== '');
  return { variables: { ...file, ...Object.fromEntries(given) }, file };
}

function fileIn(folder: string): Variables | null {
  try {
    return parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
  } catch (error) {
    try {
      return missingAs(null)(error);
    } catch {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      throw new CliUsageError(
        `.env in this folder cannot be read (${reason}): run this as its owner, or from another folder`,
        { cause: error },
      );
    }
  }
}
