import { isDeepStrictEqual } from 'node:util';
import { parse as parseToml } from 'smol-toml';
import { parseAllDocuments } from 'yaml';
import type { Language } from '../language.ts';
import { YAML_TEMPLATE } from './data-syntax.ts';
import type { ParseJavaScript, Tree } from './javascript-tree.ts';
import { scanPython } from './python-scan.ts';

/** Lines (from 0) whose beginning or end lies inside a text of the program, so that their blanks are content. */
export interface Opaque {
  readonly begins: ReadonlySet<number>;
  readonly ends: ReadonlySet<number>;
}

/** Keeps a change of layout from becoming a change of meaning. */
export interface Guard {
  /** Undefined when the text cannot be understood. */
  readonly opaque: (text: string) => Opaque | undefined;
  readonly keeps: (before: string, after: string) => boolean;
}

const NOTHING_OPAQUE: Opaque = { begins: new Set(), ends: new Set() };
/** In these no text spans lines. */
const PLAIN: readonly Language[] = ['json', 'css', 'scss', 'markdown'];
const TEXT_KINDS = ['template_string', 'string', 'jsx_text'];

export function guardFor(
  path: string,
  language: Language | undefined,
  parseJavaScript: ParseJavaScript | undefined,
): Guard {
  const always = () => true;
  switch (language) {
    case 'javascript':
    case 'typescript':
      return { opaque: (text) => opaqueNodes(parseJavaScript?.(path, text)), keeps: always };
    case 'python':
      return { opaque: opaqueStrings, keeps: always };
    case 'yaml':
      return { opaque: () => NOTHING_OPAQUE, keeps: sameValue(yamlValue) };
    case 'toml':
      return { opaque: () => NOTHING_OPAQUE, keeps: sameValue(parseToml) };
    default: {
      const known = language !== undefined && PLAIN.includes(language) ? NOTHING_OPAQUE : undefined;
      return { opaque: () => known, keeps: always };
    }
  }
}

function opaqueNodes(tree: Tree | undefined): Opaque | undefined {
  if (tree === undefined) return undefined;
  const nodes = tree.findAll({ rule: { any: TEXT_KINDS.map((kind) => ({ kind })) } });
  const spans = nodes.map((node) => node.range()).map(({ start, end }) => [start.line, end.line] as const);
  return opaqueSpans(spans);
}

function opaqueStrings(text: string): Opaque | undefined {
  const scan = scanPython(text);
  return scan && opaqueSpans(scan.strings.map(({ firstLine, lastLine }) => [firstLine, lastLine]));
}

function opaqueSpans(spans: readonly (readonly [number, number])[]): Opaque {
  const begins = new Set<number>();
  const ends = new Set<number>();
  for (const [first, last] of spans) {
    for (let line = first; line < last; line += 1) {
      ends.add(line);
      begins.add(line + 1);
    }
  }
  return { begins, ends };
}

function sameValue(parse: (text: string) => unknown): Guard['keeps'] {
  return (before, after) => {
    try {
      return isDeepStrictEqual(parse(before), parse(after));
    } catch {
      return false;
    }
  };
}

function yamlValue(text: string): unknown {
  if (YAML_TEMPLATE.test(text)) throw new Error('a template');
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS({ mapAsMap: true });
  });
}
