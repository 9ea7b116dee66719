import { table } from '@cadre/kit/format';
import type { Output } from '../output.ts';
import { visible } from './effects.ts';

/** A table as wide as the terminal: columns give way from the right before a line wraps. Nothing for no rows. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], output: Output): void {
  if (rows.length === 0) return;
  const safe = rows.map((row) => row.map(visible));
  const [first = '', ...rest] = table([[...head], ...safe], { width: output.width }).split('\n');
  output.line(output.colours.dim(first.trimEnd()));
  for (const line of rest) output.line(line.trimEnd());
}
