import { z } from 'zod';

/** Schemas that many answers share. */

export const API_ID = z.uuid().describe('The id of this request. It stands in the log, too.');

export const REFUSAL = z
  .object({ api_id: API_ID, error: z.string().describe('What was refused, and why.') })
  .meta({ id: 'Refusal', description: 'Every answer of 400 and above.' });

export const META = z
  .object({
    limit: z.int(),
    next: z.string().nullable().describe('Relative URL of the next page; null on the last.'),
    offset: z.int(),
    previous: z.string().nullable().describe('Relative URL of the page before; null on the first.'),
    total_count: z.int().describe('Objects on all pages.'),
  })
  .meta({ id: 'PageMeta' });

/** `YYYY-MM-DD HH:MM:SS +0000 UTC`. */
export const TIMESTAMP = z.string().meta({ examples: ['2026-11-23 01:02:03 +0000 UTC'] });

export const EXAMPLE_API_ID = '6f2c5f7e-3c4b-4f52-8a53-0d6f1f6f1b0e';

/** `{"api_id", "message"}`, the answer to changes. */
export const messageAnswer = (message: string) => z.object({ api_id: API_ID, message: z.literal(message) });

/** `meta.next` and `meta.previous` for a page; `url` makes the relative URL of the page from an offset. */
export function pageMeta(
  page: { readonly limit: number; readonly offset: number },
  total: number,
  url: (offset: number) => string,
): z.infer<typeof META> {
  const { limit, offset } = page;
  return {
    limit,
    next: offset + limit < total ? url(offset + limit) : null,
    offset,
    previous: offset > 0 ? url(Math.max(0, offset - limit)) : null,
    total_count: total,
  };
}
