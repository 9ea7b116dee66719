import { accessSync, constants, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { programFolders } from '@cadre/sdk/programs';
import { look, stampBehind } from './stamp.ts';

/**
 * What each program is that a call may start: the file that would be found, and what changes when another takes its place.
 * A program that is not there counts by its absence. Undefined when nobody can say which programs they are.
 */
export function programIdentities(
  programs: readonly string[],
  workspace: string,
  searchPath: string,
): Readonly<Record<string, string>> | undefined {
  if (programs.some((program) => program.includes('*'))) return undefined;
  const folders = programFolders(workspace, searchPath);
  return Object.fromEntries(programs.map((program) => [program, identityOf(program, folders)]));
}

function identityOf(program: string, folders: readonly string[]): string {
  const candidates = isAbsolute(program) ? [program] : folders.map((folder) => join(folder, program));
  const path = candidates.find((candidate) => stampBehind(candidate) !== undefined && mayRun(candidate));
  if (path === undefined) return 'none';
  return `${path} ${look(() => realpathSync(path))} ${stampBehind(path)}`;
}

function mayRun(path: string): boolean {
  const answer = look(() => {
    accessSync(path, constants.X_OK);
    return true;
  });
  return answer === true;
}
