import { lstat, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { walk } from '@cadre/kit/files';
import type { ActionContext } from '@cadre/sdk';
import picomatch from 'picomatch';
import { readGit, splitZero } from './read-git.ts';
import { relativePath, resolveInside } from './safe-path.ts';

/** Never of interest unless git tracks something inside; for repositories whose `.gitignore` forgets them. */
const INSTALLED_FOLDERS = ['node_modules', '.venv', 'venv', '__pycache__'];

/** For 10,000 files 64 requests at once were clearly faster than 16, and 256 hardly more. */
const AT_ONCE = 64;

export interface ListOptions {
  /** Folder to list, relative to the workspace. Default all of it. */
  readonly path?: string;
  /** Globs relative to the workspace; a folder's name leaves out all it holds. */
  readonly exclude?: readonly string[];
  /** Also what lies in repositories inside this one. Default false. */
  readonly nested?: boolean;
  /** Also what `.gitignore` names; `.git` never. Default false. */
  readonly ignored?: boolean;
}

export interface ListedEntry {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'other';
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * The regular files of a repository that git tracks or would add, or of a plain folder without what `.gitignore`
 * names; relative to the workspace, sorted by code units. Links are not among them, nested repositories neither.
 */
export async function listFiles(context: ActionContext, options: ListOptions = {}): Promise<string[]> {
  const entries = await listEntries(context, options);
  return entries.filter(({ kind }) => kind === 'file').map(({ path }) => path);
}

/** As `listFiles`, with links and special files and with what a directory entry tells of each. */
export async function listEntries(context: ActionContext, options: ListOptions = {}): Promise<ListedEntry[]> {
  const root = await resolveInside(context.workspace, '.');
  const folder = await resolveInside(context.workspace, options.path ?? '.');
  const prefix = relativePath(root, folder);
  const isExcluded = excluder(options.exclude ?? []);
  const names = await namesIn(context, folder, options);
  const paths = names
    .map((name) => (prefix === '.' ? name : `${prefix}/${name}`))
    .filter((path) => !isExcluded(path));
  const entries = await describeAll(root, [...new Set(paths)].sort(byCodeUnits));
  return entries.filter((entry) => entry !== undefined);
}

/** Whether a path, or a folder around it, matches one of the globs. */
export function excluder(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  // As in `.gitignore`: without a slash it holds at any depth, with one from the root.
  const patterns = globs
    .map((glob) => glob.replace(/\/+$/, ''))
    .map((glob) => (glob.includes('/') ? glob.replace(/^\.?\//, '') : `**/${glob}`));
  return picomatch(
    patterns.flatMap((glob) => [glob, `${glob}/**`]),
    { dot: true },
  );
}

export function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function namesIn(context: ActionContext, folder: string, options: ListOptions): Promise<string[]> {
  const listed = options.ignored ? undefined : await gitNames(context, folder);
  if (listed === undefined) return walkedNames(folder, options.ignored !== true);
  const inner = await Promise.all(
    (options.nested ? listed.repositories : []).map(async (name) => {
      const below = await namesIn(context, join(folder, name), options);
      return below.map((path) => `${name}/${path}`);
    }),
  );
  return [...listed.names, ...inner.flat()];
}

/** Undefined when the folder is in no repository, or there is no git. */
async function gitNames(
  context: ActionContext,
  folder: string,
): Promise<{ names: string[]; repositories: string[] } | undefined> {
  if ((await context.find('git')) === undefined) return undefined;
  const tracked = await readGit(context, folder, ['ls-files', '-z', '--cached', '--stage']);
  if (tracked.code !== 0) return undefined;
  const installed = INSTALLED_FOLDERS.map((name) => `--exclude=${name}/`);
  const others = ['ls-files', '-z', '--others', '--exclude-standard', ...installed];
  const untracked = splitZero((await readGit(context, folder, others)).stdout);
  // MODE OID STAGE\tPATH; mode 160000 is a submodule. An untracked repository is a name that ends in `/`.
  const rows = splitZero(tracked.stdout).map((row) => ({
    submodule: row.startsWith('160000'),
    name: row.slice(row.indexOf('\t') + 1),
  }));
  return {
    names: [
      ...rows.filter(({ submodule }) => !submodule).map(({ name }) => name),
      ...untracked.filter((name) => !name.endsWith('/')),
    ],
    repositories: [
      ...rows.filter(({ submodule }) => submodule).map(({ name }) => name),
      ...untracked.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1)),
    ],
  };
}

async function walkedNames(folder: string, gitignore: boolean): Promise<string[]> {
  const isUnwanted = gitignore ? excluder([...INSTALLED_FOLDERS, '.git']) : excluder(['.git']);
  const names: string[] = [];
  for await (const { path, kind } of walk(folder, { gitignore, onUnreadable: () => undefined })) {
    if (kind !== 'folder' && !isUnwanted(path)) names.push(path);
  }
  return names;
}

async function describeAll(
  root: string,
  paths: readonly string[],
): Promise<readonly (ListedEntry | undefined)[]> {
  const described: (ListedEntry | undefined)[] = new Array(paths.length);
  const waiting = paths.entries();
  const isReal = realFolders(root);
  const describeSome = async () => {
    for (const [index, path] of waiting) {
      if (await isReal(dirname(path))) described[index] = await describe(root, path);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, describeSome));
  return described;
}

/** Whether a folder stands where its name says: git still lists what was behind a folder that became a link. */
function realFolders(root: string): (folder: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  const look = async (folder: string) => {
    const named = join(root, folder);
    return (await realpath(named).catch(() => undefined)) === named;
  };
  return (folder) => {
    const answer = known.get(folder) ?? look(folder);
    known.set(folder, answer);
    return answer;
  };
}

/** Undefined for what git still lists and somebody has deleted, and for a folder that took a file's place. */
async function describe(root: string, path: string): Promise<ListedEntry | undefined> {
  const found = await lstat(join(root, path)).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return undefined;
  const kind = found.isFile() ? 'file' : found.isSymbolicLink() ? 'link' : 'other';
  return {
    path,
    kind,
    mode: found.mode & 0o7777,
    bytes: kind === 'file' ? found.size : 0,
    modifiedMs: Math.round(found.mtimeMs),
  };
}
