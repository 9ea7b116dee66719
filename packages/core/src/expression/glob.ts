import picomatch from 'picomatch';
import { CadreError } from '../errors.ts';
import { matchesPattern } from './regular-expression.ts';

/**
 * The looks ahead in what picomatch writes keep `.` and `..` and empty names from matching, which clean relative paths
 * never have. Without them the pattern is one that RE2 takes, so that no glob can be made to backtrack.
 */
const LOOK_AHEADS = [
  '(?!\\.{1,2}(?:\\/|$))',
  '(?!(?:^|\\/)\\.{1,2}(?:\\/|$))',
  '(?!(?:\\/|^)\\.{1,2}(?:\\/|$))',
  '(?=.)',
];

/** At the very end a star must match something: `a/**` + `/*` is not `a`. */
const LAST_STAR = /\(\?=\.\)\[\^\/\]\*\?(?=(?:\|[^()]*)?(?:\)|\\\/\?)*\$$)/g;

/** Whether a path with `/` matches a glob: `*`, `**`, `?`, `[a-z]`, `{a,b}`. A leading dot is a character like others. */
export function matchesGlob(path: string, glob: string): boolean {
  return matchesPattern(path.replace(/\/$/, ''), globPattern(glob));
}

function globPattern(glob: string): string {
  const { source } = picomatch.makeRe(readGlob(glob), { dot: true, noextglob: true, nonegate: true });
  const named = source.replace(LAST_STAR, '[^/]+?');
  return LOOK_AHEADS.reduce((pattern, lookAhead) => pattern.replaceAll(lookAhead, ''), named);
}

function readGlob(glob: string): string {
  if (glob !== '' && glob.length <= 500) return glob;
  throw new CadreError('invalid_expression', 'a glob has from 1 to 500 characters');
}
