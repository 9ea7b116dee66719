import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { onTestFinished } from 'vitest';

/** What a command line is run with: a folder and a data folder of its own. */
export interface CliPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An empty folder, by its real path, that is gone when the test is over. */
export function emptyFolder(name = 'cadre-cli-'): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), name)));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function gitIn(folder: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trimEnd();
}

/** A repository on the branch `work` with these files committed. */
export function repositoryWith(files: Readonly<Record<string, string>>, name?: string): string {
  const folder = emptyFolder(name);
  gitIn(folder, 'init', '--quiet', '--initial-branch=work');
  nameCommitter(folder);
  writeAll(folder, files);
  gitIn(folder, 'add', '--all');
  gitIn(folder, 'commit', '--quiet', '--allow-empty', '--message', 'start');
  return folder;
}

export function nameCommitter(folder: string): void {
  gitIn(folder, 'config', 'user.name', 'Test');
  gitIn(folder, 'config', 'user.email', 'test@example.org');
}

export function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Every file of a folder but git's own, with its content. */
export function contentOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)\.git(\/|$)/.test(path))
    .sort();
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'latin1')]));
}

export const placeAt = (cwd: string): CliPlace => ({ cwd, env: { CADRE_HOME: emptyFolder() } });
