import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

const root = join(import.meta.dirname, '..');

export interface PromisedTool {
  readonly program: string;
  /** A package of the system, or `test-tools`. */
  readonly from: string;
  /** Where it is when it is not in PATH; with a star in it, where alone tests look. */
  readonly folder?: string;
}

/** What CI brings for the tests: the list `.ci/tools`. */
export function promisedTools(): readonly PromisedTool[] {
  const lines = readFileSync(join(root, '.ci/tools'), 'utf8').split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [program = '', from = '', folder] = line.split(/\s+/);
      const place = folder === undefined || isAbsolute(folder) ? folder : join(root, folder);
      return { program, from, ...(place === undefined ? {} : { folder: place }) };
    });
}

/** Where a program is: in this repository, in PATH, or where the list of promised tools says. */
export function findProgram(program: string): string | undefined {
  const own = join(root, 'node_modules/.bin', program);
  if (existsSync(own)) return own;
  const folder = promisedTools().find((tool) => tool.program === program)?.folder;
  const [placed] = folder === undefined ? [] : globSync(join(folder, program)).sort().reverse();
  return placed ?? (folder?.includes('*') ? undefined : inPath(program));
}

/**
 * Whether a test can use a program. In continuous integration nobody reads the names of skipped tests, so there a
 * promised program that is missing is a fault and this throws.
 */
export function isInstalled(program: string): boolean {
  if (findProgram(program) !== undefined) return true;
  const promised = promisedTools().find((tool) => tool.program === program);
  if (process.env['CI'] === 'true' && promised !== undefined) {
    throw new Error(`CI promises ${program} (from ${promised.from}, .ci/tools), and it is not installed`);
  }
  return false;
}

/** Whether any repository finds it, not only the tests that look where it was put for them. */
export function isInPath(program: string): boolean {
  return inPath(program) !== undefined;
}

function inPath(program: string): string | undefined {
  try {
    return execFileSync('which', [program], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}
