import { EXTENSIONS, INTERPRETERS, NAMES } from './tag-tables.ts';

/** The part of a file that decides whether it is text. */
const LOOKED_AT_BYTES = 1024;
/** Bytes that text may hold: printable ones, blanks, and bell, backspace and escape. */
const TEXT_BYTES = new Set([7, 8, 9, 10, 11, 12, 13, 27]);
const PRINTABLE_LINE = /^[\x20-\x7e\t\x0b\x0c\r]*$/;

const KINDS: Readonly<Record<string, string>> = { '120000': 'symlink', '160000': 'directory' };

/**
 * The tags of an entry of the index: `file` or `symlink`, `executable`, `text` or `binary`, and what the name or the
 * `#!` line tells. `content` is asked for only when the name does not say enough.
 */
export function tagsOf(path: string, mode: string, content: () => Uint8Array): ReadonlySet<string> {
  const other = KINDS[mode];
  if (other !== undefined) return new Set([other]);
  const executable = mode === '100755';
  const tags = new Set(['file', executable ? 'executable' : 'non-executable', ...tagsOfName(path)]);
  if (tags.size === 2 && executable) {
    for (const tag of tagsOfInterpreter(content())) tags.add(tag);
  }
  if (!tags.has('text') && !tags.has('binary')) tags.add(isText(content()) ? 'text' : 'binary');
  return tags;
}

/** Whether `tagsOf` would ask for the content. */
export function needsContent(path: string, mode: string): boolean {
  if (KINDS[mode] !== undefined) return false;
  const tags = tagsOfName(path);
  return !tags.includes('text') && !tags.includes('binary');
}

/** By bytes and not by UTF-8, as `file` does: text in an older encoding is text as well. */
export function isText(content: Uint8Array): boolean {
  return content
    .subarray(0, LOOKED_AT_BYTES)
    .every((byte) => (byte >= 0x20 && byte !== 0x7f) || TEXT_BYTES.has(byte));
}

function tagsOfName(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known = [name, ...name.split('.')].find((part) => NAMES.has(part));
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
  return [...(NAMES.get(known ?? '') ?? []), ...(EXTENSIONS.get(extension) ?? [])];
}

function tagsOfInterpreter(content: Uint8Array): readonly string[] {
  let [interpreter = ''] = shebang(content);
  interpreter = interpreter.slice(interpreter.lastIndexOf('/') + 1);
  // python3.11 is python3, and python when that were not known.
  while (interpreter !== '') {
    const tags = INTERPRETERS.get(interpreter);
    if (tags !== undefined) return tags;
    interpreter = interpreter.slice(0, Math.max(0, interpreter.lastIndexOf('.')));
  }
  return [];
}

/** Program and arguments of the `#!` line, without `env`; empty when there is none. */
export function shebang(content: Uint8Array): readonly string[] {
  const line = Buffer.from(content.subarray(0, LOOKED_AT_BYTES)).toString('latin1').split('\n', 1)[0] ?? '';
  if (!line.startsWith('#!') || !PRINTABLE_LINE.test(line)) return [];
  const words = line
    .slice(2)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words[0] !== '/usr/bin/env') return words;
  return words.slice(words[1] === '-S' ? 2 : 1);
}
