import { stripVTControlCharacters } from 'node:util';
import { KitError } from '../error.ts';

const PLAIN = /^[\x20-\x7e]*$/;
/** Nothing but marks, joiners, controls: takes no cell. Made when first used, like the next one: it takes a millisecond, and most texts are plain. */
const EMPTY = () => /^[\p{Mark}\p{Cc}\p{Cf}\u200b\u1160-\u11ff]*$/u;
/** Scripts and forms that terminals draw two cells wide (Unicode East Asian Width W and F), and emoji. */
const WIDE = () =>
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{1f1e6}-\u{1f1ff}]{2}|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;

let segmenter: Intl.Segmenter | undefined;
let patterns: { readonly empty: RegExp; readonly wide: RegExp } | undefined;

/** The segmenter is made when a text is first not plain: that takes some milliseconds. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(stripVTControlCharacters(text));
}

/** Cells that a text takes in a terminal. Colour codes take none. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

export interface TruncateOptions {
  /** Where the text is cut. `middle` suits paths. Default `end`. */
  readonly at?: 'end' | 'middle';
  /** What stands for the cut part. Default `…`. */
  readonly mark?: string;
}

/** The text itself when it fits, else as much as fits with the mark; never half a character. */
export function truncate(text: string, width: number, options: TruncateOptions = {}): string {
  if (!Number.isInteger(width) || width < 0)
    throw new KitError('invalid_value', `a width cannot be ${width}`);
  if (displayWidth(text) <= width) return text;
  const mark = options.mark ?? '…';
  const room = width - displayWidth(mark);
  if (room < 0) return '';
  const graphemes = [...graphemesOf(text)].map(({ segment }) => segment);
  if (options.at !== 'middle') return takeCells(graphemes, room) + mark;
  const end = takeCells(graphemes.toReversed(), Math.floor(room / 2), 'before');
  return takeCells(graphemes, room - displayWidth(end)) + mark + end;
}

/** Fills up with blanks to the width; a text that is wider stays as it is. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

function takeCells(graphemes: readonly string[], room: number, side: 'after' | 'before' = 'after'): string {
  let taken = '';
  let left = room;
  for (const grapheme of graphemes) {
    left -= graphemeWidth(grapheme);
    if (left < 0) return taken;
    taken = side === 'after' ? taken + grapheme : grapheme + taken;
  }
  return taken;
}

function graphemeWidth(grapheme: string): number {
  patterns ??= { empty: EMPTY(), wide: WIDE() };
  if (patterns.empty.test(grapheme)) return 0;
  return patterns.wide.test(grapheme) ? 2 : 1;
}
