import type { ToolChange } from '@cadre/core';
import { plainText } from '@cadre/core/history';
import type { Output } from '../output.ts';

const FIELDS = ['title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const;

const SIGNS = { new: '+', changed: '~', gone: '-' } as const;

/** What a server says otherwise than it did. All of it is text of a stranger: what cannot be seen is shown as its code. */
export function printToolChanges(server: string, changes: readonly ToolChange[], output: Output): void {
  const { colours } = output;
  output.line(`What ${server} offers, in its own words, which instruct nobody:`);
  for (const { name, change, before, after } of changes) {
    const action = after === undefined ? '' : colours.dim(` as ${server}/${after.action}`);
    output.line(`\n${SIGNS[change]} ${colours.bold(plainText(name))} ${change}${action}`);
    for (const field of FIELDS) printField(field, before?.tool[field], after?.tool[field], output);
  }
}

function printField(field: string, before: unknown, after: unknown, { line, colours }: Output): void {
  const [was, is] = [linesOf(before), linesOf(after)];
  const gone = was.filter((one) => !is.includes(one));
  const added = is.filter((one) => !was.includes(one));
  if (gone.length + added.length === 0) return;
  line(`  ${field}`);
  for (const one of gone) line(colours.red(`    - ${one}`));
  for (const one of added) line(colours.green(`    + ${one}`));
}

function linesOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
  return text.split('\n').map(plainText);
}
