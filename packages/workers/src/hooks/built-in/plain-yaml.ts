/*
 * The parser takes some 2 ms for a file of 1 KB, more than all other checks of a run together, and nearly all files
 * are nested maps and lists of plain and quoted scalars, one to a line.
 */

/** A map or a list that is open, with the column of its keys or dashes. */
interface Level {
  readonly indent: number;
  /** Undefined for a list. */
  readonly keys: Set<string> | undefined;
  /** Its last entry has no value yet, so that something deeper may follow. */
  open: boolean;
}

/** Longer lines are left to the parser: the patterns below are quadratic on lines made to be so. */
const LONGEST_LINE = 500;
const UNPRINTABLE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/;
/** What a line is behind its dashes: a key with or without a value, or a value. */
const KEY = /^([A-Za-z_](?:[\w ./-]*[\w./-])?):(?: +(.*))?$/;
/** `true` and `True` are the same key. */
const KEY_OF_OTHER_KIND = /^(?:true|false|null)$/i;
const COMMENT = '(?: +#.*| *)$';
const PLAIN = new RegExp(`^(?:[A-Za-z0-9_./+$(~]|-(?=\\S))(?:[^:#]|:(?=\\S)|(?<=\\S)#)*?${COMMENT}`);
const QUOTED = new RegExp(`^(?:'[^']*'|"[^"\\\\]*")${COMMENT}`);
const ITEM = `(?:[A-Za-z0-9_./][\\w./-]*|'[^']*'|"[^"\\\\]*")`;
const FLOW = new RegExp(`^(?:\\{\\}|\\[(?:${ITEM}(?:, *${ITEM})*)?\\])${COMMENT}`);
const BLOCK = /^[|>][+-]?$/;

/**
 * Whether a text is plainly good YAML of one document. False says nothing: then a parser has to decide. It is sound by
 * being narrow: what is not listed above is never taken for good, keys are compared, and columns must fit exactly.
 */
export function isPlainYaml(text: string): boolean {
  if (UNPRINTABLE.test(text)) return false;
  const lines = text.split('\n');
  const levels: Level[] = [];
  let number = lines.findIndex((line) => !isBlank(line));
  if (number >= 0 && lines[number] === '---') number += 1;
  while (number >= 0 && number < lines.length) {
    const line = lines[number] ?? '';
    number = isBlank(line) ? number + 1 : readEntry(levels, lines, number);
    if (number === NOT_PLAIN) return false;
  }
  return true;
}

const NOT_PLAIN = -1;

function isBlank(line: string): boolean {
  const text = line.trimStart();
  return text === '' || text.startsWith('#');
}

/** Reads one entry and answers the number of the line after it. */
function readEntry(levels: Level[], lines: readonly string[], number: number): number {
  const line = lines[number] ?? '';
  if (line.length > LONGEST_LINE) return NOT_PLAIN;
  const dashes = /^ *((?:- +)*)/.exec(line)?.[1] ?? '';
  let column = line.length - line.trimStart().length;
  const rest = line.slice(column + dashes.length);
  for (const dash of dashes.match(/- +/g) ?? []) {
    if (!enter(levels, column, undefined)) return NOT_PLAIN;
    column += dash.length;
  }
  const [, key, ownValue = ''] = KEY.exec(rest) ?? [];
  if (key !== undefined && !enter(levels, column, key)) return NOT_PLAIN;
  // A value alone belongs to a dash; texts over several lines are for the parser.
  if (key === undefined && dashes === '') return NOT_PLAIN;
  const value = key === undefined ? rest : ownValue;
  const level = levels.at(-1);
  if (level === undefined) return NOT_PLAIN;
  if (value === '' || value.startsWith('#')) return key === undefined ? NOT_PLAIN : number + 1;
  level.open = false;
  if (BLOCK.test(value)) return endOfBlock(lines, number + 1, level.indent);
  return PLAIN.test(value) || QUOTED.test(value) || FLOW.test(value) ? number + 1 : NOT_PLAIN;
}

/** Puts a key, or a dash when there is none, among the open levels. False when it fits nowhere or was there before. */
function enter(levels: Level[], column: number, key: string | undefined): boolean {
  const isList = key === undefined;
  if (key !== undefined && KEY_OF_OTHER_KIND.test(key)) return false;
  if (levels.length === 0) return column === 0 && push(levels, column, key);
  while ((levels.at(-1)?.indent ?? 0) > column) levels.pop();
  // A list may stand in the column of the key that it belongs to; the next key ends it.
  if (!isList && levels.at(-1)?.keys === undefined && levels.at(-2)?.indent === column) levels.pop();
  const level = levels.at(-1);
  if (level === undefined) return false;
  if (level.indent === column && (level.keys === undefined) === isList) return again(level, key);
  const fits = isList && level.keys !== undefined ? level.indent <= column : level.indent < column;
  if (!level.open || !fits) return false;
  level.open = false;
  return push(levels, column, key);
}

function push(levels: Level[], indent: number, key: string | undefined): true {
  levels.push({ indent, keys: key === undefined ? undefined : new Set([key]), open: true });
  return true;
}

function again(level: Level, key: string | undefined): boolean {
  level.open = true;
  if (key === undefined || level.keys === undefined) return true;
  if (level.keys.has(key)) return false;
  level.keys.add(key);
  return true;
}

/** The line after a block text: all lines that are indented as the first one, and blank ones. */
function endOfBlock(lines: readonly string[], first: number, indent: number): number {
  const start = lines.findIndex((line, number) => number >= first && line.trim() !== '');
  const depth = start < 0 ? 0 : indentOf(lines[start] ?? '');
  for (let number = first; number < lines.length; number++) {
    const line = lines[number] ?? '';
    const own = indentOf(line);
    if (line.trim() === '' ? own <= depth : own >= depth && depth > indent) continue;
    return line.trim() !== '' && own <= indent ? number : NOT_PLAIN;
  }
  return lines.length;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
