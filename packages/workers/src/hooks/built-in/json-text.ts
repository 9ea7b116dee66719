/** JSON as Python reads it: the order of keys, doubled keys and the way numbers are written are kept. */
export type JsonNode =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: JsonNode])[] }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'literal'; readonly text: string };

export class JsonFault extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Deeper nesting than Python follows. */
const DEEPEST = 900;
const BLANK = /[ \t\r\n]*/y;
const STRING = /"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"/y;
/** Python also takes the three numbers that are none. */
const LITERAL = /true|false|null|NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Throws JsonFault. */
export function parseJsonText(text: string): JsonNode {
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const skipBlanks = () => void match(BLANK);
  const fail = (message: string): never => {
    throw new JsonFault(message, at);
  };
  const expect = (character: string, message: string) => {
    if (text[at] !== character) fail(message);
    at += 1;
  };
  /** The items between a bracket and its end. */
  const items = <T>(end: string, item: () => T): T[] => {
    at += 1;
    skipBlanks();
    const found: T[] = [];
    while (text[at] !== end || found.length > 0) {
      found.push(item());
      skipBlanks();
      if (text[at] === end) break;
      expect(',', `Expecting ',' delimiter`);
      skipBlanks();
    }
    at += 1;
    return found;
  };
  const string = (): string => {
    const found = match(STRING) ?? fail('Expecting a string in double quotes');
    return JSON.parse(found[0]) as string;
  };
  const entry = (depth: number) => (): readonly [string, JsonNode] => {
    const key = text[at] === '"' ? string() : fail('Expecting property name enclosed in double quotes');
    skipBlanks();
    expect(':', `Expecting ':' delimiter`);
    return [key, value(depth)];
  };
  const value = (depth: number): JsonNode => {
    if (depth > DEEPEST) fail('nested too deeply');
    skipBlanks();
    if (text[at] === '{') return { kind: 'object', entries: items('}', entry(depth + 1)) };
    if (text[at] === '[') return { kind: 'array', items: items(']', () => value(depth + 1)) };
    if (text[at] === '"') return { kind: 'string', value: string() };
    const found = match(LITERAL) ?? fail('Expecting value');
    return { kind: 'literal', text: found[0] };
  };
  const root = value(0);
  skipBlanks();
  if (at < text.length) fail('Extra data');
  return root;
}
