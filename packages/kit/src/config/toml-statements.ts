import { parse } from 'smol-toml';

/** One header or one assignment of a TOML text, with the lines that it takes, both from 0 and included. */
export interface TomlStatement {
  readonly kind: 'table' | 'array' | 'assignment';
  /** Whole path from the root; elements of arrays of tables count by their index. */
  readonly path: readonly string[];
  readonly first: number;
  readonly last: number;
}

const KEY = /^\s*(?:(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)\s*(?:\.\s*)?)+(?==)/;

/**
 * The statements of a text that is known to be TOML. Where a statement ends is not guessed: it is the first line
 * with which the TOML parser accepts it.
 */
export function tomlStatements(text: string): readonly TomlStatement[] {
  const lines = text.split('\n');
  const statements: TomlStatement[] = [];
  const counts = new Map<string, number>();
  let table: readonly string[] = [];
  for (let first = 0; first < lines.length; first++) {
    const line = (lines[first] ?? '').trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      const kind = line.startsWith('[[') ? 'array' : 'table';
      table = headerPath(line, kind, counts);
      statements.push({ kind, path: table, first, last: first });
      continue;
    }
    const last = endOf(lines, first);
    statements.push({ kind: 'assignment', path: [...table, ...keyPath(line)], first, last });
    first = last;
  }
  return statements;
}

/** The text before `=` of an assignment's first line. */
export function tomlKeyText(line: string): string {
  return KEY.exec(line)?.[0] ?? '';
}

function endOf(lines: readonly string[], first: number): number {
  for (let last = first; last < lines.length - 1; last++) {
    if (parses(lines.slice(first, last + 1).join('\n'))) return last;
  }
  return lines.length - 1;
}

function parses(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

function keyPath(line: string): readonly string[] {
  return chain(parse(`${tomlKeyText(line)} = 0`));
}

function headerPath(line: string, kind: 'table' | 'array', counts: Map<string, number>): readonly string[] {
  const path = chain(parse(line));
  // A header names only the array; what is meant is its newest element.
  const indexed = path.flatMap((_, index) => {
    const key = JSON.stringify(path.slice(0, index + 1));
    const isLast = index === path.length - 1;
    if (kind === 'array' && isLast) counts.set(key, (counts.get(key) ?? -1) + 1);
    const count = counts.get(key);
    return count === undefined ? [path[index] ?? ''] : [path[index] ?? '', String(count)];
  });
  return indexed;
}

/** `{ a: { b: 0 } }` to `['a', 'b']`; the array of a `[[header]]` ends it. */
function chain(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const [entry] = Object.entries(value);
  return entry === undefined ? [] : [entry[0], ...chain(entry[1])];
}
