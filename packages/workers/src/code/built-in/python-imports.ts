import { withoutItems } from './list-items.ts';
import { type Edit, lineAt, mentions, type Problem } from './problem.ts';
import { type PythonStatement, scanPython } from './python-scan.ts';
import { isStandardModule } from './python-standard-library.ts';

interface Import {
  readonly statement: PythonStatement;
  readonly items: readonly ImportItem[];
}

interface ImportItem {
  readonly start: number;
  readonly end: number;
  /** What the statement makes known. */
  readonly name: string;
  readonly module: string;
}

/** With these in a file a name may be used without being named. */
const HIDDEN_USE =
  /\b(__all__|__getattr__|globals|locals|vars|eval|exec|sys\.modules|importlib\.reload)\b|\bimport\s+\*/;
const FILE_DIRECTIVE = /^\s*#\s*(ruff|flake8)\s*:\s*noqa|^\s*#\s*pylint:\s*(skip-file|disable)/m;
const SPECIAL_FILE = /(^|\/)(__init__|conftest)\.py$|\.pyi$/;
/** A plain import and no more; `#` and `;` in it mean that it is not. */
const PLAIN_IMPORT = /^(?:from\s+(?<from>[.\w]+)\s+import\s+\(?|import\s+)(?<list>[\w.,\s\\]+?),?\s*\)?\s*$/d;
const ITEM = /[\w.]+(?:\s+as\s+\w+)?/g;

/**
 * Imported names that occur nowhere else in the file, not even in a text or a comment, and in no other file as
 * `module.name` or `from module import name`. Taken away are only those of the standard library, whose loading does
 * nothing that could be missed.
 */
export async function unusedPythonImports(
  path: string,
  text: string,
  others: () => Promise<readonly string[]>,
): Promise<Problem[]> {
  if (SPECIAL_FILE.test(path) || HIDDEN_USE.test(text) || FILE_DIRECTIVE.test(text)) return [];
  const statements = scanPython(text)?.statements ?? [];
  const imports = statements.map(importOf).filter((one) => one !== undefined);
  // A file of nothing but imports gathers names for others.
  if (imports.length === statements.length) return [];
  const found = imports
    .map((one) => ({ one, unused: unusedItems(text, one) }))
    .filter(({ unused }) => unused.length > 0);
  if (found.length === 0) return [];
  const isImported = importedFrom(path, await others());
  return found.flatMap(({ one, unused }) => {
    const certain = unused.filter(({ name }) => !isImported(name));
    return certain.length === 0 ? [] : [problemOf(text, one, certain)];
  });
}

function importOf(statement: PythonStatement): Import | undefined {
  const match = PLAIN_IMPORT.exec(statement.text);
  const { from, list = '' } = match?.groups ?? {};
  if (list === '' || from === '__future__') return undefined;
  const listStart = statement.start + (match?.indices?.groups?.['list']?.[0] ?? 0);
  const items = [...list.replaceAll('\\', ' ').matchAll(ITEM)].map((found) => {
    const [imported = '', alias] = found[0].split(/\s+as\s+/);
    const start = listStart + found.index;
    return {
      start,
      end: start + found[0].length,
      name: alias ?? imported.split('.')[0] ?? '',
      module: from ?? imported,
      // `import x as x` says that it is for others (PEP 484).
      isForOthers: alias === imported,
    };
  });
  return items.some(({ isForOthers }) => isForOthers) ? undefined : { statement, items };
}

function unusedItems(text: string, { statement, items }: Import): ImportItem[] {
  const rest = text.slice(0, statement.start) + text.slice(statement.end);
  return items.filter(({ name }) => !mentions(rest, name));
}

function importedFrom(path: string, others: readonly string[]): (name: string) => boolean {
  const module = (path.split('/').at(-1) ?? '').replace(/\.py$/, '');
  return (name) => {
    const used = new RegExp(
      `\\b${module}\\s*\\.\\s*${name}\\b|\\b${module}\\s+import\\s+(\\*|\\([^)]*\\b${name}\\b|[^\\n(]*\\b${name}\\b)`,
    );
    return others.some((other) => used.test(other));
  };
}

function problemOf(text: string, { statement, items }: Import, unused: readonly ImportItem[]): Problem {
  const isSafe = unused.every(({ module }) => isStandardModule(module));
  const names = unused.map(({ name }) => name).join(', ');
  return {
    rule: 'unused-import',
    severity: 'low',
    line: lineAt(text, statement.start),
    message: `${names} ${unused.length === 1 ? 'is' : 'are'} imported and not used`,
    fix: isSafe ? 'remove it' : 'remove it, unless loading the module is what is wanted',
    ...(isSafe ? { edit: removal(text, statement, items, unused) } : {}),
  };
}

function removal(
  text: string,
  statement: PythonStatement,
  items: readonly ImportItem[],
  unused: readonly ImportItem[],
): Edit {
  if (unused.length === items.length) return { start: statement.start, end: statement.end, text: '' };
  return withoutItems(text, items, (index) => !unused.some((item) => item === items[index]));
}
