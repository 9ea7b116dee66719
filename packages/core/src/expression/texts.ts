import { CadreError } from '../errors.ts';
import { spend, spendWhole } from './fuel.ts';

/** Texts searched and put together, at a price that bounds their worst case. */

/**
 * Searching for `aaabaaa` in many `a` compares every character with every other: measured 2.8 s for 100,000 in 250,000.
 * So many comparisons cost one unit; a word in a long text still costs next to nothing.
 */
const COMPARISONS_A_UNIT = 30_000;

function spendSearch(text: string, wanted: string): void {
  spend(Math.floor((text.length * wanted.length) / COMPARISONS_A_UNIT));
}

export function containsText(text: string, wanted: string): boolean {
  spendSearch(text, wanted);
  return text.includes(wanted);
}

/** -1 when it is not there. */
export function indexOfText(text: string, wanted: string, from: bigint = 0n): bigint {
  spendSearch(text, wanted);
  return BigInt(text.indexOf(wanted, readIndex(text, from)));
}

export function lastIndexOfText(text: string, wanted: string, from: bigint = BigInt(text.length)): bigint {
  spendSearch(text, wanted);
  return BigInt(text.lastIndexOf(wanted, readIndex(text, from)));
}

function readIndex(text: string, index: bigint): number {
  const position = Number(index);
  if (position >= 0 && position <= text.length) return position;
  throw new CadreError('invalid_expression', `there is no position ${index} in a text of ${text.length}`);
}

/** With a limit, the last piece is all that is left; a negative one is none. */
export function splitText(text: string, by: string, limit: bigint = -1n): string[] {
  spendSearch(text, by);
  const pieces = text.split(by);
  const most = Number(limit);
  if (most < 0 || pieces.length <= most) return pieces;
  return most === 0 ? [] : [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(by)];
}

/** Between many short texts a long one is copied many times: the result is paid for before it is made. */
export function joinTexts(texts: unknown[], between = ''): string {
  spendWhole(texts);
  spend(Math.floor((texts.length * between.length) / 100));
  return texts.map(readText).join(between);
}

export function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new CadreError('invalid_expression', 'the list may hold only texts here', {
    hint: 'convert its elements with .map(x, string(x))',
  });
}
