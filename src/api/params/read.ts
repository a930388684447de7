import type { z } from 'zod';

import { ApiError, TEXT } from '../errors.js';

/** Parameters by their documented names. */
export type Params = Readonly<Record<string, unknown>>;

/**
 * The keys of a body under their documented names. Their case does not matter; `aliases` maps the
 * other spellings that clients use. A value under the documented name goes before one under another.
 *
 * A missing body counts as an empty one. Throws ApiError 400 when it is not a JSON object.
 */
export function paramsOf(body: unknown, aliases: Readonly<Record<string, string>> = {}): Params {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError(400, TEXT.notAnObject);
  }
  const params = new Map<string, unknown>();
  const spelled = new Map<string, unknown>();
  for (const [key, value] of Object.entries(body)) {
    const name = key.toLowerCase();
    if (Object.hasOwn(aliases, name)) spelled.set(aliases[name] ?? name, value);
    else if (key === name || !params.has(name)) params.set(name, value);
  }
  for (const [name, value] of spelled) {
    if ((params.get(name) ?? '') === '') params.set(name, value);
  }
  return Object.fromEntries(params);
}

/** What `schema` makes of the parameters. Keys that it does not know are ignored. Throws ApiError 400. */
export function read<S extends z.ZodObject>(schema: S, params: Params): z.output<S> {
  const result = schema.safeParse(params);
  if (result.success) return result.data;
  throw new ApiError(400, result.error.issues[0]?.message ?? TEXT.badRequest);
}
