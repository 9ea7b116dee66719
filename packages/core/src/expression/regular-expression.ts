import { RE2JS } from 're2js';
import { CadreError } from '../errors.ts';
import { spend } from './fuel.ts';

/** Longer patterns are programs, and compiling them costs. */
const LONGEST_PATTERN = 1_000;

/** Measured on the slowest patterns: one character through one instruction takes some 30 ns, so a unit pays for 30 µs. */
const STEPS_A_UNIT = 1_000;

/** Replaces whatever fits one of the patterns (RE2 syntax). Throws `invalid_expression` for one that is none, or fits nothing at all. */
export function patternReplacer(patterns: readonly string[], by: string): (text: string) => string {
  const compiled = patterns.map((pattern) => {
    const each = parsePattern(pattern);
    if (!each.test('')) return each;
    throw new CadreError(
      'invalid_expression',
      `\`${pattern}\` fits the empty text, so it would be found everywhere`,
    );
  });
  return (text) => compiled.reduce((replaced, pattern) => pattern.matcher(replaced).replaceAll(by), text);
}

/** Whether the pattern (RE2 syntax) matches anywhere in the text, in time linear in the text. */
export function matchesPattern(text: string, pattern: string): boolean {
  const compiled = compile(pattern);
  // Compiling has cost some 5 µs for each instruction.
  spend(compiled.programSize() + Math.floor((text.length * compiled.programSize()) / STEPS_A_UNIT));
  return compiled.test(text);
}

function compile(pattern: string): RE2JS {
  spend(100 + Math.min(pattern.length, LONGEST_PATTERN));
  return parsePattern(pattern);
}

function parsePattern(pattern: string): RE2JS {
  if (pattern.length > LONGEST_PATTERN) {
    throw new CadreError('invalid_expression', `a pattern may have at most ${LONGEST_PATTERN} characters`);
  }
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new CadreError(
      'invalid_expression',
      `\`${pattern}\` is not a regular expression: ${messageOf(error)}`,
      {
        hint: 'write it in RE2 syntax, which has neither look-around nor back-references',
      },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
}
