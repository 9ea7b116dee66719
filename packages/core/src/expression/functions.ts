import type { JsonValue } from '@cadre/sdk';
import type { Environment } from '@marcbachmann/cel-js';
import semver from 'semver';
import { CadreError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import { sha256 } from '../sha256.ts';
import { spend, spendText } from './fuel.ts';
import { matchesGlob } from './glob.ts';
import { matchesPattern } from './regular-expression.ts';
import { joinTexts, readText, splitText } from './texts.ts';
import { toJson } from './to-json.ts';

/** What expressions can do beyond the standard of CEL. Each pays for its work. */
export function registerFunctions(environment: Environment): void {
  for (const [signature, perform, description] of FUNCTIONS) {
    environment.registerFunction(signature, perform, { async: false, description });
  }
}

type Perform = (...inputs: never[]) => unknown;

const FUNCTIONS: readonly (readonly [signature: string, perform: Perform, description: string])[] = [
  ['json(string): dyn', parseJson, 'the value that a JSON text stands for'],
  ['json(list): string', printJson, 'the JSON text of a list'],
  ['json(map): string', printJson, 'the JSON text of a map'],
  ['glob(string, string): bool', matchesGlob, 'whether a path matches a glob'],
  ['glob(string, list): bool', matchesAnyGlob, 'whether a path matches one of several globs'],
  [
    'regex(string, string): bool',
    matchesPattern,
    'whether a pattern in RE2 syntax matches anywhere in a text',
  ],
  ['hash(string): string', hashText, 'SHA-256 of a text, in hexadecimal digits'],
  ['hash(list): string', hashValue, 'SHA-256 of the canonical JSON of a list'],
  ['hash(map): string', hashValue, 'SHA-256 of the canonical JSON of a map'],
  ['semver(string, string): bool', satisfies, 'whether a version lies in a range such as ^1.2'],
  ['lines(string): list<string>', splitLines, 'the lines of a text without their ends'],
  ['string.lines(): list<string>', splitLines, 'the lines of a text without their ends'],
  ['trim(string): string', (text: string) => text.trim(), 'a text without white space around it'],
  ['split(string, string): list<string>', splitText, 'the pieces of a text'],
  ['join(list, string): string', joinTexts, 'texts put together with another between them'],
  // Numbers that come from outside are doubles; the library takes only integers in these places.
  ['string.substring(double): string', substring, 'a text from a position on'],
  ['string.substring(double, double): string', substring, 'a text from one position up to another'],
  ['string.substring(int, double): string', substring, 'a text from one position up to another'],
  ['string.substring(double, int): string', substring, 'a text from one position up to another'],
  ['timestamp(double): google.protobuf.Timestamp', toTimestamp, 'the time so many seconds after 1970'],
];

function parseJson(text: string): unknown {
  spendText(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CadreError('invalid_expression', 'json() was given a text that is not JSON', { cause: error });
  }
}

function printJson(value: unknown): string {
  return JSON.stringify(toJson(value));
}

function hashText(text: string): string {
  // Measured: 145 ns a character.
  spend(1 + Math.floor(text.length / 8));
  return sha256(text);
}

function hashValue(value: unknown): string {
  return hashText(canonicalJson(toJson(value) as JsonValue));
}

function matchesAnyGlob(path: string, globs: unknown[]): boolean {
  return globs.some((glob) => matchesGlob(path, readText(glob)));
}

function satisfies(version: string, range: string): boolean {
  // Measured: 10 µs and more.
  spend(10);
  if (semver.valid(version) === null) throw notA('a version such as 1.2.3', version);
  if (range.length > 256 || semver.validRange(range) === null) throw notA('a range such as ^1.2', range);
  return semver.satisfies(version, range);
}

function splitLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function substring(text: string, from: number | bigint, to: number | bigint = text.length): string {
  const [start, end] = [Number(from), Number(to)];
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= text.length) {
    return text.substring(start, end);
  }
  throw new CadreError(
    'invalid_expression',
    `there is no part from ${start} to ${end} in a text of ${text.length}`,
  );
}

function toTimestamp(seconds: number): Date {
  return new Date(seconds * 1000);
}

function notA(expected: string, given: string): CadreError {
  return new CadreError('invalid_expression', `${JSON.stringify(given.slice(0, 80))} is not ${expected}`);
}
