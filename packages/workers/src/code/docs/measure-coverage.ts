import type { DocumentedSymbol } from './documented-module.ts';
import { type Page, type PlacedSymbol, placedIn } from './lay-out.ts';

export interface Coverage {
  readonly symbols: number;
  readonly documented: number;
  /** In percent with one decimal, rounded down; 100 when there is nothing to document. */
  readonly share: number;
}

/** Not counted: fields, members of enums and constructors, whose names and types mostly say enough. */
const COUNTED = new Set<DocumentedSymbol['kind']>([
  'function',
  'class',
  'interface',
  'type',
  'enum',
  'namespace',
  'constant',
  'variable',
  'method',
]);

export function measureCoverage(pages: readonly Page[]): Coverage {
  const counted = pages.flatMap(countedIn);
  const documented = counted.filter(isDocumented).length;
  const share = counted.length === 0 ? 100 : Math.floor((documented / counted.length) * 1000) / 10;
  return { symbols: counted.length, documented, share };
}

export function countedIn(page: Page): PlacedSymbol[] {
  return placedIn(page).filter(({ symbol }) => COUNTED.has(symbol.kind) && !/^__\w+__$/.test(symbol.name));
}

/** A comment that says anything at all: a line about a parameter or what comes back counts as well. */
export function isDocumented({ symbol: { comment } }: PlacedSymbol): boolean {
  if (comment === undefined) return false;
  const said = [comment.text, comment.deprecated, comment.returns?.text, ...comment.examples];
  const listed = [...comment.parameters, ...comment.throws, ...comment.notes];
  return [...said, ...listed.map(({ text }) => text)].some(
    (text) => text !== undefined && text.trim() !== '',
  );
}
