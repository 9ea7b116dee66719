import { type BuiltIn, fileCheck, readOptions, UsageError } from './built-in.ts';
import { JsonFault, type JsonNode, parseJsonText } from './json-text.ts';

interface Layout {
  readonly indent: string;
  readonly ascii: boolean;
  readonly sort: boolean;
  readonly topKeys: readonly string[];
}

export const prettyFormatJson: BuiltIn = {
  name: 'pretty format json',
  types: ['json'],
  create(args) {
    const options = readOptions(args, {
      autofix: { type: 'boolean' },
      indent: { type: 'string' },
      'no-ensure-ascii': { type: 'boolean' },
      'no-sort-keys': { type: 'boolean' },
      'top-keys': { type: 'string' },
    });
    const layout: Layout = {
      indent: readIndent(options.indent ?? '2'),
      ascii: options['no-ensure-ascii'] !== true,
      sort: options['no-sort-keys'] !== true,
      topKeys: (options['top-keys'] ?? '').split(',').filter((key) => key !== ''),
    };
    return fileCheck(({ path, content }) => {
      const text = content.toString('utf8');
      try {
        const pretty = `${print(parseJsonText(text), layout, '')}\n`;
        if (pretty === text) return undefined;
        if (!options.autofix) return { message: `${path}: not pretty-formatted` };
        return { message: `Fixing file ${path}`, content: Buffer.from(pretty) };
      } catch (error) {
        if (!(error instanceof JsonFault)) throw error;
        return { message: `Input File ${path} is not a valid JSON, consider using check-json` };
      }
    });
  },
};

function readIndent(text: string): string {
  if (/^\d+$/.test(text)) return ' '.repeat(Number(text));
  if (text.trim() === '') return text;
  throw new UsageError(`--indent takes a number or blanks, not ${text}`);
}

function print(node: JsonNode, layout: Layout, indent: string): string {
  const inner = indent + layout.indent;
  switch (node.kind) {
    case 'literal':
      return pythonNumber(node.text);
    case 'string':
      return quote(node.value, layout);
    case 'array': {
      const items = node.items.map((item) => inner + print(item, layout, inner));
      return block('[', items, ']', indent);
    }
    case 'object': {
      const entries = ordered(node.entries, layout).map(
        ([key, value]) => `${inner}${quote(key, layout)}: ${print(value, layout, inner)}`,
      );
      return block('{', entries, '}', indent);
    }
  }
}

function block(open: string, lines: readonly string[], close: string, indent: string): string {
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** The wanted keys first, then the others; of a key that stands twice the last value counts. */
function ordered(entries: Extract<JsonNode, { kind: 'object' }>['entries'], { sort, topKeys }: Layout) {
  const byKey = new Map(entries);
  const top = topKeys.filter((key) => byKey.has(key));
  const others = [...byKey.keys()].filter((key) => !top.includes(key));
  if (sort) others.sort(byCodePoint);
  return [...top, ...others].map((key) => [key, byKey.get(key) as JsonNode] as const);
}

/** As Python compares, which differs from comparing UTF-16 beyond the basic plane. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function quote(text: string, { ascii }: Layout): string {
  const quoted = JSON.stringify(text).replaceAll('\x7f', ascii ? '\\u007f' : '\x7f');
  if (!ascii) return quoted;
  return quoted.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Integers stay as they are, of any length; other numbers come out as Python writes a float. */
function pythonNumber(text: string): string {
  if (!/^-?\d/.test(text)) return text;
  if (!/[.eE]/.test(text)) return text === '-0' ? '0' : text;
  const value = Number(text);
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    const sign = power < 0 ? '-' : '+';
    return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const plain =
    power < 0 ? value.toFixed(Math.max(0, digits.replace(/^-?\d\.?/, '').length - power)) : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}
