import { table } from '@cadre/kit/format';
import type { Output } from '../output.ts';

/** A table as wide as the terminal: columns give way from the right before anything is cut. Nothing for no rows. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], output: Output): void {
  if (rows.length === 0) return;
  const columns = head.map((title, index) => ({
    title,
    value: (row: readonly string[]) => row[index] ?? '',
    ...(index > 1 ? { drop: index } : {}),
  }));
  const [first = '', ...rest] = table(columns, rows, { width: output.width });
  output.line(output.colours.dim(first.trimEnd()));
  for (const line of rest) output.line(line.trimEnd());
}
