import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a scratch tree is made of. Paths are relative to the workspace, with `/`. */
export interface ScratchList {
  readonly files: readonly string[];
  /** Folders that are large, made by tools and never worked on: the copy leads back to the originals. */
  readonly links: readonly string[];
}

const LINKED = new Set(['node_modules', '.venv', 'venv', 'vendor', 'target']);
/** Made anew by the tools that need them. */
const CACHES = new Set([
  '__pycache__',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  '.gradle',
  '.next',
  '.turbo',
]);

/** The repository is not trusted: no program that its configuration names is started, and its owner does not matter. */
const SAFE = ['-c', 'core.fsmonitor=false', '-c', 'core.untrackedCache=false', '-c', 'safe.directory=*'];

const run = promisify(execFile);

/** Tracked and new files as git sees them; outside of a checkout everything but the usual caches. */
export async function scratchList(workspace: string, environment: NodeJS.ProcessEnv): Promise<ScratchList> {
  return (await listOfGit(workspace, environment)) ?? (await listOfFolder(workspace));
}

/** Tracked and new files, sorted by nothing in particular; undefined where there is no checkout or no git. */
export async function filesOfGit(
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[] | undefined> {
  try {
    return await askGit(folder, environment, '-c', '-o', '--exclude-standard', '--deduplicate');
  } catch {
    return undefined;
  }
}

async function askGit(
  folder: string,
  environment: NodeJS.ProcessEnv,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const { stdout } = await run('git', [...SAFE, '-C', folder, 'ls-files', '-z', ...args], {
    env: { PATH: environment['PATH'], GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    maxBuffer: 1024 * 1024 * 1024,
  });
  return stdout.split('\0').filter((path) => path !== '');
}

async function listOfGit(
  workspace: string,
  environment: NodeJS.ProcessEnv,
): Promise<ScratchList | undefined> {
  try {
    const [kept, ignored] = await Promise.all([
      askGit(workspace, environment, '-c', '-o', '--exclude-standard', '--deduplicate'),
      askGit(workspace, environment, '-o', '-i', '--exclude-standard', '--directory'),
    ]);
    // A folder among the files is a repository of its own, which git does not look into.
    const folders = [...kept, ...ignored.filter((path) => LINKED.has(nameOf(path)))].filter((path) =>
      path.endsWith('/'),
    );
    return {
      files: kept.filter((path) => !path.endsWith('/')),
      links: folders.map((path) => path.slice(0, -1)),
    };
  } catch {
    // No checkout, or no git: the folder as it is.
    return undefined;
  }
}

export async function listOfFolder(workspace: string): Promise<ScratchList> {
  const files: string[] = [];
  const links: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(join(workspace, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isLinked = entry.isDirectory() && LINKED.has(entry.name);
      const isEntered = entry.isDirectory() && !isLinked && !CACHES.has(entry.name) && entry.name !== '.git';
      if (isLinked) links.push(path);
      if (isEntered) folders.push(path);
      if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
    }
  }
  return { files, links };
}

function nameOf(path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? '';
}
