import { unusedJavaScriptImports } from './javascript-imports.ts';
import type { Tree } from './javascript-tree.ts';
import type { Problem } from './problem.ts';

/** What is certainly wrong in a parsed file. */
export function javaScriptProblems(text: string, tree: Tree): Problem[] {
  return [...unusedJavaScriptImports(text, tree), ...comparisonsWithNaN(tree), ...repeatedKeys(tree)];
}

const EQUALITY = ['==', '===', '!=', '!=='];
const NOT_A_NUMBER = ['NaN', 'Number.NaN'];

function comparisonsWithNaN(tree: Tree): Problem[] {
  return tree.findAll({ rule: { kind: 'binary_expression' } }).flatMap((node) => {
    const operator = node.field('operator')?.text() ?? '';
    const sides = [node.field('left')?.text() ?? '', node.field('right')?.text() ?? ''];
    if (!EQUALITY.includes(operator) || !sides.some((side) => NOT_A_NUMBER.includes(side))) return [];
    return [
      {
        rule: 'compare-nan',
        severity: 'medium' as const,
        ...placeOf(node),
        message: `${node.text()} is always ${operator.startsWith('!')}: NaN equals nothing`,
        fix: 'use Number.isNaN(…)',
      },
    ];
  });
}

function repeatedKeys(tree: Tree): Problem[] {
  return tree.findAll({ rule: { kind: 'object' } }).flatMap((object) => {
    const seen = new Set<string>();
    return object.namedChildren().flatMap((member) => {
      // What a spread brings in may be overridden on purpose.
      if (member.kind() === 'spread_element') seen.clear();
      const key = fixedKey(member);
      if (key === undefined) return [];
      const isRepeated = seen.has(key);
      seen.add(key);
      return isRepeated ? [repeatedKey(member, key)] : [];
    });
  });
}

/** `__proto__` is no ordinary key, and computed ones are not known. */
function fixedKey(member: Tree): string | undefined {
  const key = member.kind() === 'pair' ? member.field('key') : undefined;
  const isFixed = key?.kind() === 'property_identifier' || key?.kind() === 'string';
  const name = isFixed ? key?.text().replace(/^(['"])(.*)\1$/, '$2') : undefined;
  return name === '__proto__' || name?.includes('\\') ? undefined : name;
}

function repeatedKey(member: Tree, key: string): Problem {
  return {
    rule: 'duplicate-key',
    severity: 'medium',
    ...placeOf(member),
    message: `the key ${key} is given twice; only the last one counts`,
    fix: 'remove or rename one of them',
  };
}

function placeOf(node: Tree): { line: number; column: number } {
  const { start } = node.range();
  return { line: start.line + 1, column: start.column + 1 };
}
