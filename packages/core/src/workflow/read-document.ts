import type { JsonValue } from '@cadre/sdk';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { formatPath, type Path } from './path.ts';
import type { FindPosition } from './positions.ts';
import type { Position, Problem } from './workflow.ts';

/** The value of a YAML or JSON text, and where everything in it stands. */
export type ReadDocument =
  | {
      readonly ok: true;
      readonly value: JsonValue;
      readonly findPosition: FindPosition;
      /** Of the name of a key, where `findPosition` gives the place of its value. */
      readonly findKey: FindPosition;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const LARGEST_TEXT = 1_048_576;
/** Aliases of aliases: nine lines can stand for a billion values. */
const MOST_ALIASES = 100;
const MOST_VALUES = 200_000;
/** One missing bracket can make thousands of errors, of which the first ones say it. */
const MOST_PROBLEMS = 50;
const DEEPEST = 200;

/** Never throws. `name` is what messages call the document. */
export function readDocument(text: string, name: string): ReadDocument {
  const fault = faultOfText(text, name);
  if (fault !== undefined) return { ok: false, problems: [fault] };
  const lines = new LineCounter();
  const document = parseYaml(text, lines);
  if (document === undefined) return refuse('too_deep', `${name} is nested too deeply`);
  const errors = [...document.errors, ...document.warnings];
  if (errors.some(isOverflow)) return refuse('too_deep', `${name} is nested too deeply`);
  const problems = [...errors, ...duplicateKeys(document), ...inexactNumbers(document)].slice(
    0,
    MOST_PROBLEMS,
  );
  if (problems.length > 0)
    return { ok: false, problems: problems.map((error) => problemOfYaml(error, lines)) };
  if (document.contents === null)
    return refuse('empty', `${name} is empty`, undefined, 'begin with `apiVersion: cadre/v1`');
  return toValue(document, lines, name);
}

function faultOfText(text: string, name: string): Problem | undefined {
  if (text.length > LARGEST_TEXT) return problem('too_large', `${name} is larger than 1 MiB`);
  const strange = text.search(/[\0\uFFFD]/);
  if (strange === -1) return undefined;
  return problem('not_text', `${name} is not a text in UTF-8`, positionIn(text, strange), 'save it as UTF-8');
}

/** Undefined when the text is nested so deeply that the parser gives up. */
function parseYaml(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    // The library compares every key with all others, which takes seconds for a large map: see `duplicateKeys`.
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      merge: true,
      uniqueKeys: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The parser notes where it ran out of stack as if it were an error of the text. */
function isOverflow(error: YAMLError): boolean {
  return error.message.includes('call stack');
}

type YamlFault = Pick<YAMLError, 'code' | 'message' | 'pos'>;

function duplicateKeys(document: Document.Parsed): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const [start = 0, end = 0] = key.range ?? [];
        const message = `the key \`${String(key.value)}\` is there twice`;
        if (seen.has(key.value) && key.value !== '<<')
          faults.push({ code: 'DUPLICATE_KEY', message, pos: [start, end] });
        seen.add(key.value);
      }
    },
  });
  return faults;
}

/** Whole numbers with more digits than a number can hold would silently become others. */
function inexactNumbers(document: Document.Parsed): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(document, {
    Scalar(_key, { value, source = '', range }) {
      if (typeof value !== 'number' || !/^[-+]?\d+$/.test(source) || isExact(value, source)) return;
      const [start = 0, end = 0] = range ?? [];
      faults.push({
        code: 'BAD_SCALAR_START',
        message: `${source} has too many digits for a number`,
        pos: [start, end],
      });
    },
  });
  return faults;
}

/** The digits come out again, or at least the number that they are. */
function isExact(value: number, source: string): boolean {
  return String(value) === source || (Number.isFinite(value) && BigInt(source) === BigInt(value));
}

function toValue(document: Document.Parsed, lines: LineCounter, name: string): ReadDocument {
  const findNode = (path: Path, find: (document: Document.Parsed, path: Path) => Node | undefined) => {
    const offset = find(document, path)?.range?.[0];
    return offset === undefined ? undefined : toPosition(lines.linePos(offset));
  };
  const findPosition: FindPosition = (path) => findNode(path, nearestNode);
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    const fault = faultOfValue(value, name);
    if (fault !== undefined)
      return refuse(fault.code, fault.message, findPosition(fault.path), undefined, fault.path);
    return { ok: true, value: value as JsonValue, findPosition, findKey: (path) => findNode(path, keyNode) };
  } catch (error) {
    // Aliases and merge keys are resolved only here, and what is wrong with them is thrown.
    return refuseUnresolved(error, name);
  }
}

function refuseUnresolved(error: unknown, name: string): ReadDocument {
  if (!(error instanceof Error)) throw error;
  if (error instanceof RangeError) return refuse('too_deep', `${name} is nested too deeply`);
  if (!error.message.startsWith('Excessive alias count')) return refuse('invalid_yaml', error.message);
  return refuse(
    'too_large',
    `${name} repeats itself through too many aliases`,
    undefined,
    'write the values out',
  );
}

interface ValueFault {
  readonly code: string;
  readonly message: string;
  readonly path: Path;
}

/** What YAML can say and JSON cannot, and what is too much of it. */
function faultOfValue(root: unknown, name: string): ValueFault | undefined {
  const waiting: { value: unknown; path: Path }[] = [{ value: root, path: [] }];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    count += 1;
    if (count > MOST_VALUES)
      return { code: 'too_large', message: `${name} holds more than ${MOST_VALUES} values`, path: [] };
    if (path.length > DEEPEST) return { code: 'too_deep', message: `${name} is nested too deeply`, path: [] };
    if (!isJsonScalar(value))
      return {
        code: 'wrong_value',
        message: `${String(value)} is not a number that JSON can hold`,
        path,
      };
    if (typeof value !== 'object' || value === null) continue;
    const list = Array.isArray(value);
    for (const [key, inner] of Object.entries(value))
      waiting.push({ value: inner, path: [...path, list ? Number(key) : key] });
  }
  return undefined;
}

/** Infinity and not-a-number have no form in JSON. */
function isJsonScalar(value: unknown): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}

/** The node at a path, or of what surrounds it where the text has nothing there. */
function nearestNode(document: Document.Parsed, path: Path): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  for (const segment of path) {
    const inner = childOf(document, node, segment)?.value;
    if (inner === undefined) return node;
    node = inner;
  }
  return node;
}

function keyNode(document: Document.Parsed, path: Path): Node | undefined {
  const key = path.at(-1);
  const parent = path.slice(0, -1);
  return (
    (key === undefined ? undefined : childOf(document, nearestNode(document, parent), key)?.key) ??
    nearestNode(document, path)
  );
}

interface Child {
  readonly key?: Node;
  readonly value?: Node;
}

function childOf(
  document: Document.Parsed,
  parent: Node | undefined,
  segment: string | number,
): Child | undefined {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node)) return { value: node.items[Number(segment)] as Node };
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && key.value === segment);
  return pair && { key: pair.key as Node, ...(pair.value !== null && { value: pair.value as Node }) };
}

function problemOfYaml(error: YamlFault, lines: LineCounter): Problem {
  const suggestion = SUGGESTIONS.get(error.code);
  const code = error.code === 'DUPLICATE_KEY' ? 'duplicate_key' : 'invalid_yaml';
  const message =
    error.code === 'MULTIPLE_DOCS' ? 'there is more than one document in the file' : error.message;
  return problem(code, message, toPosition(lines.linePos(error.pos[0])), suggestion);
}

const SUGGESTIONS: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['DUPLICATE_KEY', 'keep one of them'],
  ['MULTIPLE_DOCS', 'put each workflow into a file of its own'],
  ['BAD_INDENT', 'indent the keys of one map equally'],
  ['BAD_SCALAR_START', 'put the value into quotation marks'],
  ['MISSING_CHAR', 'check quotation marks and brackets'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put the value into quotation marks'],
  ['TAG_RESOLVE_FAILED', 'leave the tag out'],
]);

function refuse(
  code: string,
  message: string,
  position?: Position,
  suggestion?: string,
  path: Path = [],
): ReadDocument {
  return {
    ok: false,
    problems: [{ ...problem(code, message, position, suggestion), path: formatPath(path) }],
  };
}

function problem(
  code: string,
  message: string,
  position: Position = { line: 1, column: 1 },
  suggestion?: string,
): Problem {
  return {
    severity: 'error',
    code,
    message,
    path: '',
    position,
    ...(suggestion !== undefined && { suggestion }),
  };
}

function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function toPosition({ line, col }: { line: number; col: number }): Position {
  return { line, column: col };
}
