import { XMLValidator } from 'fast-xml-parser';
import { parse as parseToml, TomlError } from 'smol-toml';
import { type ParseOptions, parseAllDocuments } from 'yaml';
import { type BuiltIn, type Fault, fileCheck, readOptions } from './built-in.ts';
import { JsonFault, type JsonNode, parseJsonText } from './json-text.ts';
import { isPlainYaml } from './plain-yaml.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const checkJson: BuiltIn = {
  name: 'check json',
  types: ['json'],
  create: () =>
    fileCheck(({ path, content }) => {
      const problem = jsonProblem(content);
      return problem === undefined ? undefined : { message: `${path}: Failed to json decode (${problem})` };
    }),
};

function jsonProblem(content: Buffer): string | undefined {
  const text = decoded(content);
  if (text === undefined) return 'it is not UTF-8';
  if (text.startsWith('\ufeff')) return 'Unexpected UTF-8 BOM';
  if (isPlainJson(text)) return undefined;
  try {
    const twice = doubledKey(parseJsonText(text));
    return twice === undefined ? undefined : `Duplicate key: ${twice}`;
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const before = text.slice(0, error.offset);
    const column = error.offset - before.lastIndexOf('\n');
    return `${error.message}: line ${before.split('\n').length} column ${column}`;
  }
}

/** Good for the platform, and no key can stand twice, because there are as many keys as colons outside of strings. */
function isPlainJson(text: string): boolean {
  try {
    const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
    return countKeys(JSON.parse(text)) === colons;
  } catch {
    return false;
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children: readonly unknown[] = Object.values(value);
  const own = Array.isArray(value) ? 0 : children.length;
  return children.reduce<number>((sum, child) => sum + countKeys(child), own);
}

function doubledKey(node: JsonNode): string | undefined {
  if (node.kind === 'array') return firstOf(node.items, doubledKey);
  if (node.kind !== 'object') return undefined;
  const seen = new Set<string>();
  for (const [key, value] of node.entries) {
    const inner = seen.has(key) ? key : doubledKey(value);
    if (inner !== undefined) return inner;
    seen.add(key);
  }
  return undefined;
}

function firstOf<Item>(items: readonly Item[], test: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = test(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const checkYaml: BuiltIn = {
  name: 'check yaml',
  types: ['yaml'],
  create(args) {
    const options = readOptions(args, {
      multi: { type: 'boolean', short: 'm' },
      'allow-multiple-documents': { type: 'boolean' },
      unsafe: { type: 'boolean' },
    });
    const unsafe = options.unsafe === true;
    const multiple = unsafe || options.multi === true || options['allow-multiple-documents'] === true;
    return fileCheck(({ path, content }) => yamlFault(path, content, { unsafe, multiple }));
  },
};

function yamlFault(
  path: string,
  content: Buffer,
  { unsafe, multiple }: { unsafe: boolean; multiple: boolean },
): Fault | undefined {
  const text = decoded(content);
  if (text === undefined) return { message: `${path}: it is not UTF-8` };
  if (isPlainYaml(text)) return undefined;
  const settings: ParseOptions & { uniqueKeys: boolean; logLevel: 'silent' } = {
    uniqueKeys: !unsafe,
    logLevel: 'silent',
  };
  const documents = parseAllDocuments(text, settings);
  const found = documents.flatMap(({ errors, warnings }) => [...errors, ...(unsafe ? [] : warnings)])[0];
  if (found !== undefined) return { message: `${path}: ${found.message.trimEnd()}` };
  if (multiple || documents.length < 2) return undefined;
  return { message: `${path}: expected a single document in the stream but found another document` };
}

export const checkToml: BuiltIn = {
  name: 'check toml',
  types: ['toml'],
  create: () =>
    fileCheck(({ path, content }) => {
      const text = decoded(content);
      if (text === undefined) return { message: `${path}: it is not UTF-8` };
      try {
        parseToml(text);
        return undefined;
      } catch (error) {
        if (!(error instanceof TomlError)) throw error;
        const reason = error.message.split('\n', 1)[0]?.replace('Invalid TOML document: ', '');
        return { message: `${path}: ${reason} (at line ${error.line}, column ${error.column})` };
      }
    }),
};

export const checkXml: BuiltIn = {
  name: 'check xml',
  types: ['xml'],
  create: () =>
    fileCheck(({ path, content }) => {
      const answer = XMLValidator.validate(content.toString('utf8').replace(/^\ufeff/, ''));
      if (answer === true) return undefined;
      const { line, col, msg } = answer.err;
      return { message: `${path}: Failed to xml parse (${line}:${col}: ${msg})` };
    }),
};

function decoded(content: Buffer): string | undefined {
  try {
    return UTF8.decode(content);
  } catch {
    return undefined;
  }
}
