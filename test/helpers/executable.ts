import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The program that the environment's `variable` names, else the first of `names` in PATH, or null. */
export function executable(variable: string, names: readonly string[]): string | null {
  const named = process.env[variable];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates =
    named !== undefined && named !== ''
      ? [named]
      : names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
