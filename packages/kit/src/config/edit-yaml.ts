import { type Document, isMap, isScalar, parseDocument, stringify } from 'yaml';
import type { Editor } from './edit.ts';

export const editYaml: Editor = (text, path, value) => {
  const document = parseDocument(text);
  return replacedInPlace(document, text, path, value) ?? rewritten(document, text, path, value);
};

/** A single value for a single value on one line: every other byte of the file stays as it is. */
function replacedInPlace(
  document: Document,
  text: string,
  path: readonly string[],
  value: unknown,
): string | undefined {
  const node = document.getIn(path, true);
  if (!isScalar(node) || !node.range || node.anchor !== undefined || node.tag !== undefined) return undefined;
  const [start, end] = node.range;
  const source = text.slice(start, end);
  const replacement = typeof value === 'object' || value === undefined ? '\n' : oneLine(value);
  if (source === '' || `${source}${replacement}`.includes('\n')) return undefined;
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Quoted where a plain scalar would end early inside `{}` or `[]`. */
function oneLine(value: unknown): string {
  return /[,[\]{}]/.test(String(value)) ? JSON.stringify(value) : stringify(value).trimEnd();
}

function rewritten(document: Document, text: string, path: readonly string[], value: unknown): string {
  if (value === undefined) document.deleteIn(path);
  else {
    makeSections(document, path);
    document.setIn(path, document.createNode(value));
  }
  const printed = document.toString({ lineWidth: 0, indent: indentOf(text), indentSeq: indentsLists(text) });
  return text.includes('\r\n') ? printed.replaceAll('\n', '\r\n') : printed;
}

/** A section whose keys are all commented out is null and takes no key before it is a map. */
function makeSections(document: Document, path: readonly string[]): void {
  for (let length = 1; length < path.length; length++) {
    const section = path.slice(0, length);
    const node = document.getIn(section, true);
    if (!isMap(node) && (node === undefined || node === null || (isScalar(node) && node.value === null))) {
      document.setIn(section, document.createNode({}));
    }
  }
}

function indentOf(text: string): number {
  return /^( {2,8})[^\s#-]/m.exec(text)?.[1]?.length ?? 2;
}

function indentsLists(text: string): boolean {
  return !/^( *)[^\s#-][^\n]*:[ \t]*\r?\n\1- /m.test(text);
}
