export interface Column<Row> {
  readonly title: string;
  /** What stands in the cell. */
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Too little room: the column may be cut down to so many characters. */
  readonly atLeast?: number;
  /** Far too little room: columns go, those of the highest rank first. Without a rank it stays. */
  readonly rank?: number;
}

const GAP = 2;
const CHARACTERS = new Intl.Segmenter();

/**
 * Lays rows out in columns. The widths are settled by the first rows that come; `width` is that of the terminal in
 * characters, null for one without end.
 */
export class Table<Row> {
  readonly #width: number | null;
  #columns: readonly Column<Row>[];
  #widths: readonly number[] | null = null;

  constructor(columns: readonly Column<Row>[], width: number | null) {
    this.#columns = columns;
    this.#width = width;
  }

  /** Lines for these rows; the first time with the titles above them. */
  lines(rows: readonly Row[]): string[] {
    const isFirst = this.#widths === null;
    if (this.#widths === null) this.#settle(rows);
    const body = rows.map((row) => this.#line(this.#columns.map((column) => column.value(row))));
    return isFirst ? [this.#line(this.#columns.map(({ title }) => title)), ...body] : body;
  }

  #settle(rows: readonly Row[]): void {
    let columns = [...this.#columns];
    let widths = naturalWidths(columns, rows);
    if (this.#width !== null) {
      while (total(leastWidths(columns, widths)) > this.#width) {
        const index = leastImportant(columns);
        if (index === null) break;
        columns = columns.filter((_, at) => at !== index);
        widths = widths.filter((_, at) => at !== index);
      }
      widths = squeezed(columns, widths, this.#width);
    }
    this.#columns = columns;
    this.#widths = widths;
  }

  #line(cells: readonly string[]): string {
    const line = cells
      .map((cell, index) => {
        const width = this.#widths?.[index] ?? 0;
        const text = this.#width === null ? cell : cut(cell, width);
        return this.#columns[index]?.align === 'right' ? text.padStart(width) : text.padEnd(width);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
    return this.#width === null ? line : cut(line, this.#width);
  }
}

/** `text` with at most `width` characters, the last one `…` where something is missing. */
export function cut(text: string, width: number): string {
  const characters = charactersOf(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function charactersOf(text: string): string[] {
  return Array.from(CHARACTERS.segment(text), ({ segment }) => segment);
}

function lengthOf(text: string): number {
  // Most cells are plain, and tables long.
  return /^[ -~]*$/.test(text) ? text.length : charactersOf(text).length;
}

function naturalWidths<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number[] {
  return columns.map(({ title, value }) =>
    rows.reduce((widest, row) => Math.max(widest, lengthOf(value(row))), title.length),
  );
}

function leastWidths<Row>(columns: readonly Column<Row>[], widths: readonly number[]): number[] {
  return widths.map((width, index) => Math.min(width, columns[index]?.atLeast ?? width));
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);
}

function leastImportant<Row>(columns: readonly Column<Row>[]): number | null {
  let found: number | null = null;
  for (const [index, { rank }] of columns.entries()) {
    if (rank !== undefined && (found === null || rank > (columns[found]?.rank ?? 0))) found = index;
  }
  return found;
}

/** Takes from the widest column that may be cut until all fit. */
function squeezed<Row>(columns: readonly Column<Row>[], widths: readonly number[], width: number): number[] {
  const result = [...widths];
  const least = leastWidths(columns, widths);
  while (total(result) > width) {
    let widest = -1;
    for (const [index, each] of result.entries()) {
      if (each > (least[index] ?? each) && each > (result[widest] ?? 0)) widest = index;
    }
    if (widest < 0) break;
    result[widest] = (result[widest] ?? 0) - 1;
  }
  return result;
}
