import { stringify } from 'smol-toml';
import { KitError } from '../error.ts';
import type { Editor } from './edit.ts';
import { isTree } from './parse-file.ts';
import { type TomlStatement, tomlKeyText, tomlStatements } from './toml-statements.ts';

/** Changes single lines of the text; what cannot be done so is left for the check afterwards to refuse. */
export const editToml: Editor = (text, path, value) => {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const statements = tomlStatements(lines.join('\n'));
  const present = statements.find((statement) => isAt(statement, path) && statement.kind === 'assignment');
  return edit(lines, statements, present, path, value).join(ending);
};

function edit(
  lines: readonly string[],
  statements: readonly TomlStatement[],
  present: TomlStatement | undefined,
  path: readonly string[],
  value: unknown,
): readonly string[] {
  if (present !== undefined)
    return lines.toSpliced(present.first, span(present), ...replacement(lines, present, value));
  if (value === undefined) return lines;
  const parent = path.slice(0, -1);
  const line = assignment(keyText(path.slice(-1)), value);
  const table = statements.find((statement) => isAt(statement, parent) && statement.kind === 'table');
  if (table !== undefined || parent.length === 0)
    return lines.toSpliced(endOfTable(lines, statements, table), 0, line);
  const gap = lines.every((existing) => existing === '') ? [] : [''];
  return [...withoutLastEmpty(lines), ...gap, `[${keyText(parent)}]`, line, ''];
}

function replacement(lines: readonly string[], present: TomlStatement, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const first = lines[present.first] ?? '';
  const key = tomlKeyText(first);
  const comment = present.first === present.last ? trailingComment(first.slice(key.length + 1)) : '';
  return [`${assignment(key.trimEnd(), value)}${comment}`];
}

/** The line before which an assignment of the table can be put; for the root that is before the first header. */
function endOfTable(
  lines: readonly string[],
  statements: readonly TomlStatement[],
  table: TomlStatement | undefined,
): number {
  const start = table === undefined ? -1 : statements.indexOf(table);
  const next = statements.findIndex((statement, index) => index > start && statement.kind !== 'assignment');
  const own = statements.slice(start + 1, next === -1 ? undefined : next).at(-1) ?? table;
  if (own !== undefined) return own.last + 1;
  return next === -1 ? withoutLastEmpty(lines).length : aboveComments(lines, statements[next]?.first ?? 0);
}

/** Comments directly above a header belong to it. */
function aboveComments(lines: readonly string[], header: number): number {
  let line = header;
  while (line > 0 && (lines[line - 1] ?? '').startsWith('#')) line -= 1;
  return line;
}

function assignment(key: string, value: unknown): string {
  if (value === null || isTree(value)) {
    throw new KitError(
      'not_editable',
      `${key.trim()} cannot be set to ${value === null ? 'null' : 'a whole section'} in TOML`,
      {
        hint: value === null ? 'unset the key instead' : 'set its keys one by one',
      },
    );
  }
  return `${key} = ${stringify({ value })
    .replace(/^value = /, '')
    .trimEnd()}`;
}

function keyText(path: readonly string[]): string {
  return path.map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))).join('.');
}

/** What follows the value on its line, with the blanks before it. A `#` inside a value is no comment. */
function trailingComment(valueAndComment: string): string {
  const bare =
    /^\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|\[(?:[^"'#\]]|"(?:[^"\\]|\\.)*"|'[^']*')*\]|[^"'#[{]*?)(\s*#.*)$/;
  return bare.exec(valueAndComment)?.[1] ?? '';
}

function withoutLastEmpty(lines: readonly string[]): readonly string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function isAt({ path }: TomlStatement, wanted: readonly string[]): boolean {
  return JSON.stringify(path) === JSON.stringify(wanted);
}

function span({ first, last }: TomlStatement): number {
  return last - first + 1;
}
