import type { Environment } from '@marcbachmann/cel-js';
import { CadreError } from '../errors.ts';
import { spend } from './fuel.ts';
import { matchesPattern } from './regular-expression.ts';
import { containsText, indexOfText, joinTexts, lastIndexOfText, splitText } from './texts.ts';

/**
 * What the metered text calls instead of the library's own; no expression that a person writes may name these. Measured
 * without them: `matches` never ends on `(a+)+$`, `duration` takes 12 s for 3,000 digits, a time zone 100 µs.
 */
export function registerReplacements(environment: Environment): void {
  for (const [signature, perform] of REPLACEMENTS)
    environment.registerFunction(signature, perform, { async: false });
}

const REPLACEMENTS: readonly (readonly [signature: string, perform: (...inputs: never[]) => unknown])[] = [
  ['__matches(string, string): bool', matchesPattern],
  ['__contains(string, string): bool', containsText],
  ['__indexOf(string, string): int', indexOfText],
  ['__indexOf(string, string, int): int', indexOfText],
  ['__lastIndexOf(string, string): int', lastIndexOfText],
  ['__lastIndexOf(string, string, int): int', lastIndexOfText],
  ['__split(string, string): list<string>', splitText],
  ['__split(string, string, int): list<string>', splitText],
  ['__join(list): string', joinTexts],
  ['__join(list, string): string', joinTexts],
  ['__short(string): string', readShort],
  ['__zone(string): string', payForZone],
];

function readShort(text: string): string {
  if (text.length <= 64) return text;
  throw new CadreError('invalid_expression', 'a duration has at most 64 characters', {
    hint: 'write it as 1h30m',
  });
}

function payForZone(zone: string): string {
  spend(100);
  return zone;
}
