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
  const { given, problems } = withFiles(Object.keys(schema.shape), secrets, env, readFile);
  const [problem] = problems.values();
  if (problem !== undefined) throw problem;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigError(lineOf(issue));
}

/** All that is wrong, as `settingsOf` would tell the first of: the lines by their variables. */
export function problemsOf(
  schema: z.ZodObject,
  secrets: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): ReadonlyMap<string, string> {
  const { given, problems } = withFiles(Object.keys(schema.shape), secrets, env, readFile);
  const lines = new Map([...problems].map(([name, { message }]) => [name, message]));
  for (const issue of schema.safeParse(given).error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (!lines.has(name)) lines.set(name, lineOf(issue));
  }
  return lines;
}

function lineOf(issue: z.core.$ZodIssue | undefined): string {
  return `${String(issue?.path[0])} ${issue?.message ?? 'is wrong'}`;
}

/** `env` with each NAME_FILE replaced by what is in the file, and empty values left out; what is wrong with files. */
function withFiles(
  names: readonly string[],
  secrets: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): { given: Record<string, string>; problems: Map<string, ConfigError> } {
  const given: Record<string, string> = {};
  const problems = new Map<string, ConfigError>();
  for (const name of names) {
    const text = env[name]?.trim() ?? '';
    if (text !== '') given[name] = text;
  }
  for (const name of secrets) {
    const path = env[`${name}_FILE`]?.trim() ?? '';
    if (path === '') continue;
    try {
      if (given[name] !== undefined) {
        throw new ConfigError(`${name} and ${name}_FILE are both set: keep one of them`);
      }
      given[name] = readSecret(name, path, readFile);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.set(name, error);
    }
  }
  return { given, problems };
}

/** What is in the file of a NAME_FILE variable. Throws ConfigError, without what is in it. */
export function readSecret(name: string, path: string, readFile: (path: string) => string): string {
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
