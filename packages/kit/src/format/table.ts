import { visible } from './visible.ts';
import { displayWidth, pad, truncate } from './width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'left' | 'right';
  /** Columns with a number are left out when there is no room, the highest first; the others stay. */
  readonly drop?: number;
  /** Where a text that is too wide is cut. */
  readonly cut?: 'end' | 'middle';
  /** Adds colours after all is measured. */
  readonly style?: (text: string, row: Row) => string;
}

export interface TableOptions {
  /** Cells of the terminal; without it a row is as wide as it needs. */
  readonly width?: number;
  /** What stands for the cut part of a text. */
  readonly mark?: string;
}

const GAP = '  ';

/**
 * Lines of a table with titles. When the width does not suffice, columns that may go do so first, then the widest
 * are cut; nothing is ever wrapped.
 */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions = {},
): readonly string[] {
  const measured = columns.map((column) => {
    const cells = rows.map((row) => visible(column.value(row)));
    return { column, cells, width: Math.max(0, ...[visible(column.title), ...cells].map(displayWidth)) };
  });
  const room = options.width ?? Number.POSITIVE_INFINITY;
  const fitting = cutWidest(dropOptional(measured, room), room);
  const header = fitting.map(({ column, width }, index) =>
    cell(visible(column.title), width, column, index === fitting.length - 1, options.mark),
  );
  const lines = rows.map((row, line) =>
    fitting.map(({ column, cells, width }, index) => {
      const text = cell(cells[line] ?? '', width, column, index === fitting.length - 1, options.mark);
      return column.style?.(text, row) ?? text;
    }),
  );
  return [header, ...lines].map((cells) => cells.join(GAP));
}

interface Measured<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

function totalWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0) + GAP.length * Math.max(0, columns.length - 1);
}

function dropOptional<Row>(columns: readonly Measured<Row>[], room: number): readonly Measured<Row>[] {
  if (totalWidth(columns) <= room || columns.length < 2) return columns;
  const worst = columns.reduce((a, b) => ((b.column.drop ?? 0) > (a.column.drop ?? 0) ? b : a));
  if (worst.column.drop === undefined) return columns;
  return dropOptional(
    columns.filter((column) => column !== worst),
    room,
  );
}

/** One cell at a time off the widest, so that narrow columns stay whole as long as possible. */
function cutWidest<Row>(columns: readonly Measured<Row>[], room: number): readonly Measured<Row>[] {
  const widths = columns.map(({ width }) => width);
  let excess = totalWidth(columns) - room;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= 1) break;
    widths[widths.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return columns.map((column, index) => ({ ...column, width: widths[index] ?? 0 }));
}

function cell<Row>(
  text: string,
  width: number,
  { align = 'left', cut = 'end' }: Column<Row>,
  isLast: boolean,
  mark: string | undefined,
): string {
  const fitting = truncate(text, width, { at: cut, ...(mark === undefined ? {} : { mark }) });
  return isLast && align === 'left' ? fitting : pad(fitting, width, align);
}
