import type { Json } from './api-client.js';
import { CliFailedError } from './errors.js';
import type { Invocation } from './invocation.js';
import { counted } from './progress.js';

const COLUMNS = ['number', 'alias', 'country', 'trunk', 'subaccount', 'enabled'] as const;

/** A line of the file that is a number. */
export interface ImportLine {
  /** From 1. */
  readonly line: number;
  readonly body: Json;
}

export interface ImportResult {
  readonly added: number;
  readonly existed: number;
  readonly failed: number;
  readonly failures: readonly { readonly line: number; readonly error: string }[];
}

/** What a file names: blank lines, those that begin with `#`, and a line of titles are no numbers. */
export function importLines(text: string): ImportLine[] {
  let columns: readonly string[] = COLUMNS;
  const found: ImportLine[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (raw.trim() === '' || raw.trim().startsWith('#')) continue;
    const cells = cellsOf(raw);
    if (found.length === 0 && cells[0]?.toLowerCase() === 'number') {
      columns = cells.map((cell) => cell.toLowerCase());
      continue;
    }
    const given = columns
      .map((name, at) => [name, cells[at] ?? ''] as const)
      .filter(([, cell]) => cell !== '');
    found.push({ line: index + 1, body: Object.fromEntries(given) });
  }
  return found;
}

/** Adds them one by one, so that one that is refused keeps no other out. Rejects when the API itself fails. */
export async function importNumbers(run: Invocation, text: string): Promise<ImportResult> {
  const lines = importLines(text);
  const failures: { line: number; error: string }[] = [];
  let [added, existed, done] = [0, 0, 0];
  const progress = run.terminal.progress();
  try {
    for (const { line, body } of lines) {
      const outcome = await addOne(run, body);
      if (outcome === 'added') added += 1;
      else if (outcome === 'existed') existed += 1;
      else {
        failures.push({ line, error: outcome.message });
        run.terminal.say(`line ${line}: ${outcome.message}`);
      }
      done += 1;
      progress.update(counted(done, lines.length, 'numbers'));
    }
  } finally {
    progress.end();
  }
  return { added, existed, failed: failures.length, failures };
}

async function addOne(run: Invocation, body: Json): Promise<'added' | 'existed' | CliFailedError> {
  try {
    await run.client.request('POST', 'Number/', { body });
    return 'added';
  } catch (error) {
    if (!(error instanceof CliFailedError)) throw error;
    return error.message.includes('are in this account already') ? 'existed' : error;
  }
}

/** Cells with commas between; one in double quotes may hold commas, and doubled quotes. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?=,|$)/g)].map(([, quoted, plain]) =>
    (quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"')).trim(),
  );
}
