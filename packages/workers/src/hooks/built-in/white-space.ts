import { extname } from 'node:path';
import { type BuiltIn, type Fault, fileCheck, readOptions, UsageError } from './built-in.ts';

/** What bytes.rstrip of the original takes away. */
const BLANKS = ' \t\r\v\f';

/** A quick look that finds each blank before a line end, and at the end of the text a carriage return as well. */
const BLANK_END = /[ \t\v\f](?:\r?\n|$)|\r(?:\r\n|$)/;

/*
 * Texts are handled as Latin-1: one character for each byte, so that whatever the encoding is, what is not mended
 * comes out byte for byte as it came in.
 */

export const trailingWhitespace: BuiltIn = {
  name: 'trim trailing whitespace',
  types: ['text'],
  stages: ['pre-commit', 'pre-push', 'manual'],
  create(args) {
    const options = readOptions(args, {
      'no-markdown-linebreak-ext': { type: 'boolean' },
      'markdown-linebreak-ext': { type: 'string', multiple: true },
      chars: { type: 'string' },
    });
    const named = options['markdown-linebreak-ext'] ?? [];
    const endings = new Set(
      named
        .join(',')
        .split(',')
        .map((ending) => `.${ending.toLowerCase().replace(/^\.+/, '')}`),
    );
    if (named.includes('')) throw new UsageError('--markdown-linebreak-ext requires a non-empty argument');
    const chars = options.chars === undefined ? BLANKS : Buffer.from(options.chars).toString('latin1');
    return fileCheck(({ path, text }) => {
      if (chars === BLANKS && !BLANK_END.test(text)) return undefined;
      const keepsBreaks = named.includes('*') || endings.has(extname(path).toLowerCase());
      const lines = text.split('\n');
      const last = lines.length - 1;
      const mended = lines.map((line, index) => stripLine(line, index < last, chars, keepsBreaks)).join('\n');
      return mended === text ? undefined : fixed(`Fixing ${path}`, mended);
    });
  },
};

function stripLine(line: string, ended: boolean, chars: string, keepsBreaks: boolean): string {
  const ending = ended && line.endsWith('\r') ? '\r' : '';
  const body = ending === '' ? line : line.slice(0, -1);
  // Two blanks at the end of a line of Markdown are a line break.
  const isBreak = keepsBreaks && body.endsWith('  ') && stripEnd(body, BLANKS) !== '';
  return stripEnd(isBreak ? body.slice(0, -2) : body, chars) + (isBreak ? '  ' : '') + ending;
}

function stripEnd(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text[end - 1] ?? '')) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

export const endOfFileFixer: BuiltIn = {
  name: 'fix end of files',
  types: ['text'],
  stages: ['pre-commit', 'pre-push', 'manual'],
  create: () =>
    fileCheck(({ path, text }) => {
      const end = stripEnd(text, '\r\n').length;
      const rest = text.slice(end);
      const mended = end === 0 ? '' : text.slice(0, end) + (/^(\n|\r\n|\r)/.exec(rest)?.[0] ?? '\n');
      return mended === text ? undefined : fixed(`Fixing ${path}`, mended);
    }),
};

const ENDINGS_WITHOUT_CR = ['auto', 'no', 'lf'];
const ENDINGS: Readonly<Record<string, string>> = { cr: '\r', crlf: '\r\n', lf: '\n' };

export const mixedLineEnding: BuiltIn = {
  name: 'mixed line ending',
  types: ['text'],
  create(args) {
    const { fix = 'auto' } = readOptions(args, { fix: { type: 'string', short: 'f' } });
    if (fix !== 'auto' && fix !== 'no' && ENDINGS[fix] === undefined) {
      throw new UsageError(`--fix takes auto, no, cr, crlf or lf, not ${fix}`);
    }
    return fileCheck(({ path, text }) => lineEndings(path, text, fix));
  },
};

function lineEndings(path: string, text: string, fix: string): Fault | undefined {
  if (!text.includes('\r') && ENDINGS_WITHOUT_CR.includes(fix)) return undefined;
  const counts = new Map<string, number>();
  for (const [ending] of text.matchAll(/\r\n|\n|\r/g)) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  const wanted = ENDINGS[fix] ?? mostFrequent(counts);
  const mixed = counts.size > 1;
  if (fix === 'no') return mixed ? { message: `${path}: mixed line endings` } : undefined;
  if (fix === 'auto' ? !mixed : [...counts.keys()].every((ending) => ending === wanted)) return undefined;
  // As the original does, a last line without an end gets one, too.
  const lines = text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const mended = lines.map((line) => stripEnd(line, '\r\n') + wanted).join('');
  return fixed(`${path}: fixed mixed line endings`, mended);
}

/** Of those that are equally frequent, LF before CRLF before CR. */
function mostFrequent(counts: ReadonlyMap<string, number>): string {
  const count = (ending: string) => counts.get(ending) ?? 0;
  return ['\r\n', '\r'].reduce((best, ending) => (count(ending) > count(best) ? ending : best), '\n');
}

export const fixByteOrderMarker: BuiltIn = {
  name: 'fix utf-8 byte order marker',
  types: ['text'],
  create: () =>
    fileCheck(({ path, content }) => {
      if (content[0] !== 0xef || content[1] !== 0xbb || content[2] !== 0xbf) return undefined;
      return { message: `${path}: removed byte-order marker`, content: content.subarray(3) };
    }),
};

function fixed(message: string, text: string): Fault {
  return { message, content: Buffer.from(text, 'latin1') };
}
