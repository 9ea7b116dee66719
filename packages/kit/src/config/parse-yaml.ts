import { type Document, isMap, isNode, isScalar, parseDocument } from 'yaml';
import { corruptConfig } from './corrupt.ts';
import type { ParsedText } from './parse-file.ts';
import { type Position, positionAt } from './position.ts';

export function parseYaml(text: string, path: string): ParsedText {
  const document = yamlDocument(text, path);
  return { data: resolved(document, path), locate: (parts) => positionOf(document, text, parts) };
}

/** Throws `config_corrupt` for the first fault. */
export function yamlDocument(text: string, path: string): Document {
  const document = parseDocument(text, { prettyErrors: false });
  const [fault] = document.errors;
  if (fault === undefined) return document;
  throw corruptConfig(path, positionAt(text, fault.pos[0]), fault.message, fault);
}

export function locateNode(text: string): ParsedText['locate'] {
  const document = parseDocument(text);
  return (parts) => positionOf(document, text, parts);
}

/** Aliases may be many times larger than the text; the library refuses such and that is a fault of the file. */
function resolved(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw corruptConfig(
      path,
      { line: 1, column: 1 },
      error instanceof Error ? error.message : String(error),
      error,
    );
  }
}

function positionOf(document: Document, text: string, parts: readonly string[]): Position | undefined {
  const parent = parts.length === 1 ? document.contents : document.getIn(parts.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => String(isScalar(key) ? key.value : key) === parts.at(-1));
  const start = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  return start === undefined ? undefined : positionAt(text, start);
}
