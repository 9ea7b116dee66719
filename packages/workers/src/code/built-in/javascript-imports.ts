import { isBuiltin } from 'node:module';
import type { Tree } from './javascript-tree.ts';
import { withoutItems } from './list-items.ts';
import { type Edit, mentions, type Problem } from './problem.ts';

interface Binding {
  readonly name: string;
  /** One of `{ a, b as c }`. */
  readonly specifier?: Tree;
}

/** JSX calls these without naming them. */
const IMPLICIT = new Set(['React', 'h', 'jsx', 'jsxs', 'Fragment']);

/**
 * Imported names that occur nowhere else in the file, not even in a text or a comment. Taken away is only what cannot
 * be missed: a name beside others of the same module, a type, a module of Node. Loading any other module may be wanted
 * for what it does, so that is left to people.
 */
export function unusedJavaScriptImports(text: string, tree: Tree): Problem[] {
  return tree
    .findAll({ rule: { kind: 'import_statement' } })
    .filter((statement) => statement.parent()?.kind() === 'program' && isPlain(text, statement))
    .flatMap((statement) => {
      const bindings = bindingsOf(statement);
      const { start, end } = statement.range();
      const rest = text.slice(0, start.index) + text.slice(end.index);
      const unused = bindings.filter(({ name }) => !IMPLICIT.has(name) && !mentions(rest, name));
      return unused.length === 0 ? [] : [problemOf(text, statement, bindings, unused)];
    });
}

/** Alone on its lines and without a comment in, before or behind it that may speak to a tool about it. */
function isPlain(text: string, statement: Tree): boolean {
  const { start, end } = statement.range();
  const before = text.slice(0, start.index).split('\n');
  const after = text.slice(end.index).split('\n', 1)[0] ?? '';
  const above = before.at(-2)?.trim() ?? '';
  const isAlone = before.at(-1)?.trim() === '' && after.trim() === '';
  return isAlone && !statement.has({ rule: { kind: 'comment' } }) && !/(^\/\/|\*\/$)/.test(above);
}

function bindingsOf(statement: Tree): Binding[] {
  const clause = statement.children().find((child) => child.kind() === 'import_clause');
  return (clause?.namedChildren() ?? []).flatMap((child): Binding[] => {
    if (child.kind() === 'identifier') return [{ name: child.text() }];
    if (child.kind() === 'namespace_import') return [{ name: child.namedChildren().at(-1)?.text() ?? '' }];
    return child.namedChildren().map((specifier) => ({
      name: (specifier.field('alias') ?? specifier.field('name'))?.text() ?? '',
      specifier,
    }));
  });
}

function problemOf(
  text: string,
  statement: Tree,
  bindings: readonly Binding[],
  unused: readonly Binding[],
): Problem {
  const { start } = statement.range();
  const edit =
    unused.length === bindings.length ? removal(text, statement) : narrowing(text, bindings, unused);
  const names = unused.map(({ name }) => name).join(', ');
  return {
    rule: 'unused-import',
    severity: 'low',
    line: start.line + 1,
    column: start.column + 1,
    message: `${names} ${unused.length === 1 ? 'is' : 'are'} imported and not used`,
    fix: edit ? 'remove it' : "remove it, or write import '…' when loading the module is what is wanted",
    ...(edit ? { edit } : {}),
  };
}

function removal(text: string, statement: Tree): Edit | undefined {
  const source = statement.field('source')?.text().slice(1, -1) ?? '';
  const isType = statement.children().some((child) => child.kind() === 'type');
  if (!isType && !isBuiltin(source)) return undefined;
  const { start, end } = statement.range();
  const lineStart = text.lastIndexOf('\n', start.index - 1) + 1;
  const lineEnd = text.indexOf('\n', end.index);
  return { start: lineStart, end: lineEnd === -1 ? text.length : lineEnd + 1, text: '' };
}

/** Only names in braces beside others in braces; other mixtures are for people. */
function narrowing(text: string, bindings: readonly Binding[], unused: readonly Binding[]): Edit | undefined {
  const listed = bindings.filter(({ specifier }) => specifier !== undefined);
  const stays = listed.filter((binding) => !unused.includes(binding));
  if (stays.length === 0 || unused.some(({ specifier }) => specifier === undefined)) return undefined;
  const items = listed.flatMap(({ specifier }) => (specifier ? [specifier.range()] : []));
  const spans = items.map(({ start, end }) => ({ start: start.index, end: end.index }));
  return withoutItems(text, spans, (index) => stays.some((binding) => binding === listed[index]));
}
