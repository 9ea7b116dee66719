import { table } from '@cadre/kit/format';
import type { Output } from '../output.ts';

/**
 * A table as wide as the terminal; nothing for no rows. A title that ends in `?` is a column that may be left out when
 * there is no room, the last one first; then the widest column is cut.
 */
export function printTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  output: Output,
): void {
  if (rows.length === 0) return;
  const columns = head.map((title, index) => ({
    title: title.replace(/\?$/, ''),
    value: (row: readonly string[]) => row[index] ?? '',
    ...(title.endsWith('?') ? { drop: index } : {}),
  }));
  const [first = '', ...rest] = table(columns, rows, { width: output.width });
  output.line(output.colours.dim(first.trimEnd()));
  for (const line of rest) output.line(line.trimEnd());
}
