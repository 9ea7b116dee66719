import { type Check, fileCheck, readOptions } from '../built-in/built-in.ts';
import { pythonPattern } from './python-pattern.ts';

/** The language `pygrep`: a pattern that must not be found, or with `--negate` must be. Throws UsageError, SyntaxError. */
export function pygrep(entry: string, args: readonly string[]): Check {
  const options = readOptions(args, {
    'ignore-case': { type: 'boolean', short: 'i' },
    multiline: { type: 'boolean' },
    negate: { type: 'boolean' },
  });
  // Bytes are searched, so the pattern is bytes as well.
  const bytes = Buffer.from(entry).toString('latin1');
  const flags = `${options['ignore-case'] ? 'i' : ''}${options.multiline ? 'ms' : ''}`;
  const pattern = pythonPattern(bytes, flags);
  const find = options.multiline ? findInAll : findInLines;
  return fileCheck(({ path, text }) => {
    const found = find(path, text, pattern);
    if (options.negate) return found.length === 0 ? { message: path } : undefined;
    return found.length === 0 ? undefined : { message: Buffer.from(found.join('\n'), 'latin1').toString() };
  });
}

function findInLines(path: string, text: string, pattern: RegExp): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const name = Buffer.from(path).toString('latin1');
  return lines.flatMap((line, index) =>
    pattern.test(`${line}\n`) ? [`${name}:${index + 1}:${line.replace(/\r$/, '')}`] : [],
  );
}

function findInAll(path: string, text: string, pattern: RegExp): readonly string[] {
  const match = pattern.exec(text);
  if (match === null) return [];
  const start = text.lastIndexOf('\n', match.index - 1) + 1;
  const number = text.slice(0, match.index).split('\n').length;
  const name = Buffer.from(path).toString('latin1');
  return [`${name}:${number}:${text.slice(start, match.index)}${match[0]}`];
}
