import type { EditorSettings } from './editor-config.ts';

/** So many lines must agree, and so great a share of the indented lines, before the rest is taken for a slip. */
const CLEAR_LINES = 4;
const CLEAR_SHARE = 0.8;

/** Brings mixed indentation to what is declared, or to what nearly all of the file does. */
export function evenIndentation(
  text: string,
  editor: EditorSettings,
  untouched: ReadonlySet<number>,
): string {
  const lines = text.split('\n');
  const own = lines.filter((_, index) => !untouched.has(index));
  const style = editor.indentStyle ?? clearStyle(own);
  const size = editor.indentSize ?? (style === 'space' ? commonSize(own) : undefined);
  if (style === undefined || size === undefined) return text;
  const change = style === 'space' ? toSpaces : toTabs;
  return lines.map((line, index) => (untouched.has(index) ? line : change(line, size))).join('\n');
}

/** Only spaces can be clear without being declared: how many spaces a tab stands for is not in the file. */
function clearStyle(lines: readonly string[]): 'space' | undefined {
  const spaces = lines.filter((line) => /^ {2,}\S/.test(line)).length;
  const tabs = lines.filter((line) => /^ *\t/.test(line)).length;
  return spaces >= CLEAR_LINES && spaces / (spaces + tabs) >= CLEAR_SHARE ? 'space' : undefined;
}

function commonSize(lines: readonly string[]): number | undefined {
  const depths = lines.map((line) => /^ +(?=[^\s*])/.exec(line)?.[0].length ?? 0);
  return [2, 4, 8].find((size) => depths.filter((depth) => depth === size).length >= 2);
}

function toSpaces(line: string, size: number): string {
  const lead = /^[ \t]*/.exec(line)?.[0] ?? '';
  if (!lead.includes('\t')) return line;
  let columns = 0;
  for (const blank of lead) columns += blank === '\t' ? size - (columns % size) : 1;
  return ' '.repeat(columns) + line.slice(lead.length);
}

/** Only lines without a tab: spaces after tabs align something. */
function toTabs(line: string, size: number): string {
  const lead = /^ +(?![\t *])/.exec(line)?.[0] ?? '';
  const tabs = '\t'.repeat(Math.floor(lead.length / size));
  return tabs + ' '.repeat(lead.length % size) + line.slice(lead.length);
}
