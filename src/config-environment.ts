import type { z } from 'zod';

import { ConfigError } from './config-error.js';

/**
 * What `env` gives for the variables of `schema`, read by it. An empty value counts as not given; a variable of
 * `secrets` may also be given as NAME_FILE, the path of a file that holds the value.
 *
 * Throws ConfigError, with one line about the first problem. `readFile` reads the file of a NAME_FILE variable.
 */
export function settingsOf<Schema extends z.ZodObject>(
  schema: Schema,
  secrets: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): z.output<Schema> {
  const result = schema.safeParse(withFiles(Object.keys(schema.shape), secrets, env, readFile));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigError(`${String(issue?.path[0])} ${issue?.message ?? 'is wrong'}`);
}

/** `env` with each NAME_FILE replaced by what is in the file, and empty values left out. */
function withFiles(
  names: readonly string[],
  secrets: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const text = env[name]?.trim() ?? '';
    if (text !== '') given[name] = text;
  }
  for (const name of secrets) {
    const path = env[`${name}_FILE`]?.trim() ?? '';
    if (path === '') continue;
    if (given[name] !== undefined) {
      throw new ConfigError(`${name} and ${name}_FILE are both set: keep one of them`);
    }
    given[name] = readSecret(name, path, readFile);
  }
  return given;
}

function readSecret(name: string, path: string, readFile: (path: string) => string): string {
  let text: string;
  try {
    text = readFile(path).trim();
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new ConfigError(`${name}_FILE names a file that cannot be read (${reason}): check the path`, {
      cause,
    });
  }
  if (text === '') throw new ConfigError(`${name}_FILE names an empty file: put the value into it`);
  return text;
}
