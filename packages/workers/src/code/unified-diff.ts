import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** Larger differences are cut: a plan is read by people. */
const MAX_CHARACTERS = 64 * 1024;
/** Two texts without a common line would cost minutes. */
const MAX_MS = 2000;

/** A unified diff with git's names, or undefined when one cannot be made. Cut at a line, which it then says. */
export function unifiedDiff(path: string, before: Buffer, after: Buffer): string | undefined {
  const patch = createTwoFilesPatch(
    `a/${path}`,
    `b/${path}`,
    before.toString('utf8'),
    after.toString('utf8'),
    '',
    '',
    {
      context: 3,
      timeout: MAX_MS,
      headerOptions: FILE_HEADERS_ONLY,
    },
  );
  if (patch === undefined || patch.length <= MAX_CHARACTERS) return patch;
  const kept = patch.slice(0, patch.lastIndexOf('\n', MAX_CHARACTERS) + 1);
  // Programs that read patches pass over lines that begin with a backslash.
  return `${kept}\\ ${patch.split('\n').length - kept.split('\n').length} more lines\n`;
}

/** The first line (from 1) in which two texts differ. */
export function firstDifference(before: Buffer, after: Buffer): number {
  const length = Math.min(before.length, after.length);
  let line = 1;
  for (let index = 0; index < length && before[index] === after[index]; index += 1) {
    if (before[index] === 10) line += 1;
  }
  return line;
}
