import type { ComponentChildren } from 'preact';

import { stepThrough } from '../state/shortcuts.js';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** The column whose cell leads to the row's thing. */
  readonly isMain?: boolean;
}

/**
 * A table, and a list of cards on a narrow screen. Its roles are written down, since `display` takes them from a table. The
 * arrow keys go from row to row.
 */
export function DataTable<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  hrefOf?: (row: T) => string;
}) {
  const { caption, columns, rows, keyOf, hrefOf } = props;
  return (
    <div class="table-frame">
      <table role="table" class="data" onKeyDown={onArrow}>
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, isNumber }) => (
              <th key={title} role="columnheader" scope="col" class={isNumber === true ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row" key={keyOf(row)} class={hrefOf === undefined ? '' : 'linked'}>
              {columns.map(({ title, cell, isNumber, isMain }) => (
                <td
                  key={title}
                  role="cell"
                  class={`${isNumber === true ? 'number' : ''} ${isMain === true ? 'main' : ''}`}
                  data-label={title}
                >
                  {isMain === true && hrefOf !== undefined ? (
                    <a href={hrefOf(row)} data-row-link="">
                      {cell(row)}
                    </a>
                  ) : (
                    cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function onArrow(event: KeyboardEvent): void {
  const { target, key } = event;
  if (!(target instanceof HTMLElement) || target.dataset['rowLink'] === undefined) return;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return;
  event.preventDefault();
  stepThrough(key === 'ArrowDown' ? 1 : -1);
}
