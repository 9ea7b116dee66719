import type { Project } from '../runner.ts';
import { inverted, reached } from './reached.ts';

export const PYTHON_TEST = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/;
const CONFTEST = /(^|\/)conftest\.py$/;

/**
 * The test files that changed Python files may affect: those that import them, directly or through others, those that are
 * named after them, and all below a changed `conftest.py`. Undefined when no test is known to have to do with one of them.
 */
export async function pythonTests(
  project: Project,
  changed: readonly string[],
): Promise<readonly string[] | undefined> {
  const files = project.files.filter((file) => file.endsWith('.py'));
  const tests = files.filter((file) => PYTHON_TEST.test(file));
  const texts = await Promise.all(files.map((file) => project.read(file)));
  const modules = Map.groupBy(files, lastName);
  const uses = files.flatMap((file, index) =>
    importsOf(texts[index] ?? '', file).flatMap((name) =>
      modulesNamed(name, modules).map((used) => [file, used] as const),
    ),
  );
  const dependents = inverted(uses);
  const affected = new Set<string>();
  for (const file of changed) {
    const own = tests.filter(isAffected(file, reached([file], dependents)));
    if (own.length === 0) return undefined;
    for (const one of own) affected.add(one);
  }
  return [...affected].sort();
}

function isAffected(file: string, users: ReadonlySet<string>): (test: string) => boolean {
  const conftests = [...users]
    .filter((user) => CONFTEST.test(user))
    .map((user) => user.replace(CONFTEST, '$1'));
  return (test) =>
    users.has(test) ||
    isNamedAfter(test, file) ||
    conftests.some((folder) => folder === '' || test.startsWith(folder));
}

/** `tests/test_one.py` and `one_test.py` are tests of `one.py`. */
function isNamedAfter(test: string, file: string): boolean {
  const name = lastName(file);
  return [`test_${name}`, `${name}_test`].includes(lastName(test));
}

/** A package is its `__init__.py` and is called like its folder. */
function lastName(file: string): string {
  return partsOf(file).at(-1) ?? '';
}

function partsOf(file: string): string[] {
  return file.replace(/(\/__init__)?\.py$/, '').split('/');
}

/** Whatever the import path is: `pkg.one` is `src/pkg/one.py`, and `pkg/one.py` as well. */
function modulesNamed(name: readonly string[], modules: ReadonlyMap<string, readonly string[]>): string[] {
  return (modules.get(name.at(-1) ?? '') ?? []).filter((file) => {
    const parts = partsOf(file);
    return name.every((part, index) => parts[parts.length - name.length + index] === part);
  });
}

/** The names that a file imports, in parts. `from a import b` may mean the module `a.b` or the name `b` of `a`. */
function importsOf(text: string, file: string): string[][] {
  const joined = text
    .replace(/\\\r?\n/g, ' ')
    .replace(/\(([^()]*)\)/g, (_, inner: string) => inner.replace(/\s+|#.*/g, ' '));
  const found: string[][] = [];
  for (const [, list = ''] of joined.matchAll(/^[ \t]*import[ \t]+([\w., \t]+)/gm)) {
    for (const name of namesIn(list)) found.push(...prefixes(name.split('.')));
  }
  for (const [, dots = '', from = '', list = ''] of joined.matchAll(
    /^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+([\w., \t*]+)/gm,
  )) {
    const base = [...(dots === '' ? [] : around(file, dots.length)), ...from.split('.').filter(Boolean)];
    found.push(...prefixes(base), ...namesIn(list).map((name) => [...base, name]));
  }
  return found.filter((name) => name.length > 0);
}

/** Importing `a.b` runs `a` too. */
function prefixes(name: readonly string[]): string[][] {
  return name.map((_, index) => name.slice(0, index + 1));
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((one) => one.trim().split(/\s/)[0] ?? '')
    .filter(Boolean);
}

/** The package that so many dots name, seen from a file. */
function around(file: string, dots: number): string[] {
  const folders = file.split('/').slice(0, -1);
  return folders.slice(0, Math.max(0, folders.length - dots + 1));
}
