import type { Command } from 'commander';

import type { Json, Query } from './api-client.js';
import { CliFailedError } from './errors.js';
import type { Invocation, Options } from './invocation.js';
import { wholeNumber } from './options.js';
import { counted } from './progress.js';
import { Table, type Column } from './table.js';

/** The largest page that the API gives. */
const PAGE = 20;

interface Page {
  readonly objects: readonly Json[];
  readonly total: number | null;
  readonly next: Query | null;
}

export interface Listing {
  /** Below `/v1/Account/{auth_id}/`. */
  readonly path: string;
  /** Filters, without `limit` and `offset`. */
  readonly query: Query;
  /** What is listed, in the plural. */
  readonly what: string;
  readonly columns: readonly Column<Json>[];
}

/** The options of every list. */
export function listOptions(command: Command): Command {
  return command
    .option('--limit <n>', 'how many, newest first', wholeNumber(1, 1_000_000), PAGE)
    .option('--offset <n>', 'how many to skip', wholeNumber(0, 1_000_000_000), 0)
    .option('--all', 'all of them, page by page');
}

/** Prints a list as far as `--limit`, or all of it, page by page. */
export async function list(run: Invocation, options: Options, listing: Listing): Promise<void> {
  const progress = run.terminal.progress();
  try {
    if (run.json) await listAsJson(run, options, listing, (text) => progress.update(text));
    else await listAsTable(run, options, listing, (text) => progress.update(text));
  } finally {
    progress.end();
  }
}

async function listAsTable(
  run: Invocation,
  options: Options,
  listing: Listing,
  tell: (text: string) => void,
): Promise<void> {
  const table = new Table(listing.columns, run.terminal.columns);
  let [seen, total] = [0, null as number | null];
  for await (const page of pagesOf(run, options, listing)) {
    seen += page.objects.length;
    total = page.total;
    const [first, ...lines] = page.objects.length === 0 ? [] : table.lines(page.objects);
    if (first !== undefined) {
      await run.terminal.print(seen === page.objects.length ? run.terminal.paint('bold', first) : first);
    }
    for (const line of lines) await run.terminal.print(line);
    tell(counted(seen, total, listing.what));
  }
  if (seen === 0) run.terminal.say(`no ${listing.what} to show`);
  else if (total !== null && seen + Number(options['offset'] ?? 0) < total) {
    run.terminal.say(`${counted(seen, total, listing.what)}; --all or --limit shows more`);
  }
}

/** One document, written as it comes, so that a long list needs no memory. */
async function listAsJson(
  run: Invocation,
  options: Options,
  listing: Listing,
  tell: (text: string) => void,
): Promise<void> {
  let [seen, total] = [0, null as number | null];
  let before = '{"objects":[';
  // Nothing is written before the first answer, so that a refusal leaves stdout empty.
  for await (const page of pagesOf(run, options, listing)) {
    await run.terminal.write(before);
    before = '';
    for (const object of page.objects) {
      await run.terminal.write(`${seen === 0 ? '' : ','}\n${JSON.stringify(object)}`);
      seen += 1;
    }
    total = page.total;
    tell(counted(seen, total, listing.what));
  }
  await run.terminal.print(`],"total_count":${JSON.stringify(total)}}`);
}

async function* pagesOf(run: Invocation, options: Options, listing: Listing): AsyncGenerator<Page> {
  let left = options['all'] === true ? Infinity : Number(options['limit'] ?? PAGE);
  let query: Query | null = {
    ...listing.query,
    limit: Math.min(PAGE, left),
    offset: Number(options['offset'] ?? 0),
  };
  while (query !== null && left > 0) {
    const page = pageOf(await run.client.get(listing.path, query));
    const objects = page.objects.slice(0, left);
    left -= objects.length;
    yield { ...page, objects };
    // A page without anything cannot be followed by one with something.
    query = objects.length === 0 ? null : page.next;
  }
}

/** Sessions have their list inside `response`, the others have it at the top. */
function pageOf(answer: Json): Page {
  const holder = (answer['response'] ?? answer) as Json;
  const { objects, meta } = holder as { objects?: Json[]; meta?: Json };
  if (!Array.isArray(objects)) {
    throw new CliFailedError('the answer is no list: is the controller of another version?');
  }
  const total = typeof meta?.['total_count'] === 'number' ? meta['total_count'] : null;
  const next = typeof meta?.['next'] === 'string' ? meta['next'] : null;
  return { objects, total, next: next === null ? null : queryIn(next) };
}

/** The query of the URL of the next page: it fixes the window, so that what comes meanwhile shifts nothing. */
function queryIn(url: string): Query {
  const at = url.indexOf('?');
  return at < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(at + 1)));
}
