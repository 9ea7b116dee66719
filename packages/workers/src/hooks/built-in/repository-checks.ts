import { statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { readGit, splitZero } from '../../tree/read-git.ts';
import { pythonPattern } from '../pre-commit/python-pattern.ts';
import { type BuiltIn, type RepositoryFacts, readOptions, repositoryCheck, UsageError } from './built-in.ts';

export const checkAddedLargeFiles: BuiltIn = {
  name: 'check for added large files',
  create(args) {
    const options = readOptions(args, { maxkb: { type: 'string' }, 'enforce-all': { type: 'boolean' } });
    const limit = Number(options.maxkb ?? '500');
    if (!Number.isInteger(limit)) throw new UsageError(`--maxkb takes a whole number, not ${options.maxkb}`);
    return repositoryCheck(async (paths, facts) => {
      const isAdded = (path: string) => facts.snapshot.staged.get(path)?.letter === 'A';
      const asked = options['enforce-all'] ? paths : paths.filter(isAdded);
      await facts.snapshot.load(asked);
      const large = asked
        .map((path) => ({ path, kilobytes: Math.ceil(facts.snapshot.bytes(path) / 1024) }))
        .filter(({ kilobytes }) => kilobytes > limit);
      if (large.length === 0) return undefined;
      const elsewhere = await keptElsewhere(
        large.map(({ path }) => path),
        facts,
      );
      const lines = large
        .filter(({ path }) => !elsewhere.has(path))
        .map(({ path, kilobytes }) => `${path} (${kilobytes} KB) exceeds ${limit} KB.`);
      return lines.length === 0 ? undefined : lines.join('\n');
    });
  },
};

/** Files that git-lfs keeps out of the repository. */
async function keptElsewhere(paths: readonly string[], facts: RepositoryFacts): Promise<ReadonlySet<string>> {
  const args = ['check-attr', '-z', '--stdin', 'filter'];
  const stdin = paths.map((path) => `${path}\0`).join('');
  const { stdout } = await readGit(facts.context, facts.snapshot.repository.root, args, { stdin });
  const parts = splitZero(stdout);
  // Path, attribute and value take turns.
  return new Set(parts.filter((_, index) => index % 3 === 0 && parts[index + 2] === 'lfs'));
}

export const checkCaseConflict: BuiltIn = {
  name: 'check for case conflicts',
  create: () =>
    repositoryCheck(async (paths, { snapshot }) => {
      const added = [...snapshot.staged].flatMap(([path, { letter }]) => (letter === 'A' ? [path] : []));
      const asked = withFolders([...paths, ...added]);
      const all = withFolders([...snapshot.entries.keys(), ...asked]);
      const spellings = new Map<string, string[]>();
      for (const path of all) {
        const group = spellings.get(path.toLowerCase());
        if (group === undefined) spellings.set(path.toLowerCase(), [path]);
        else group.push(path);
      }
      const clashes = [...spellings.values()].filter(
        (group) => group.length > 1 && group.some((path) => asked.has(path)),
      );
      if (clashes.length === 0) return undefined;
      return clashes
        .flat()
        .sort()
        .map((path) => `Case-insensitivity conflict found: ${path}`)
        .join('\n');
    }),
};

function withFolders(paths: Iterable<string>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let at = path; at !== '.' && !all.has(at); at = posix.dirname(at)) all.add(at);
  }
  return all;
}

export const checkSymlinks: BuiltIn = {
  name: 'check for broken symlinks',
  types: ['symlink'],
  create: () =>
    repositoryCheck(async (paths, { snapshot }) => {
      await snapshot.load(paths);
      const folders = withFolders(snapshot.entries.keys());
      const isBroken = (path: string) => {
        const target = snapshot.current(path)?.content?.toString();
        if (target === undefined) return false;
        const inside = posix.normalize(posix.join(dirname(path), target)).replace(/\/$/, '');
        if (!posix.isAbsolute(target) && (inside === '.' || folders.has(inside))) return false;
        // What is not staged may still be there: installed packages, or a place outside the repository.
        const real = posix.isAbsolute(target)
          ? target
          : join(snapshot.repository.root, dirname(path), target);
        return statSync(real, { throwIfNoEntry: false }) === undefined;
      };
      const broken = paths.filter(isBroken);
      return broken.length === 0 ? undefined : broken.map((path) => `${path}: Broken symlink`).join('\n');
    }),
};

export const destroyedSymlinks: BuiltIn = {
  name: 'detect destroyed symlinks',
  types: ['file'],
  stages: ['pre-commit', 'pre-push', 'manual'],
  create: () =>
    repositoryCheck(async (paths, facts) => {
      const destroyed: string[] = [];
      for (const path of paths) if (await isDestroyedLink(path, facts)) destroyed.push(path);
      if (destroyed.length === 0) return undefined;
      return [
        'Destroyed symlinks:',
        ...destroyed.map((path) => `- ${path}`),
        'You should unstage affected files:',
        `\tgit reset HEAD -- ${destroyed.map((path) => `'${path.replaceAll("'", `'"'"'`)}'`).join(' ')}`,
        'And retry commit. As a long term solution you may try to explicitly tell git that your environment does not support symlinks:',
        '\tgit config core.symlinks false',
      ].join('\n');
    }),
};

/** It was a link in the head and is a file now that holds nothing but where the link led. */
async function isDestroyedLink(path: string, { context, snapshot }: RepositoryFacts): Promise<boolean> {
  const change = snapshot.staged.get(path);
  const entry = snapshot.entries.get(path);
  if (change?.headMode !== '120000' || entry === undefined || entry.mode === '120000') return false;
  if (change.headId === entry.id) return true;
  await snapshot.load([path]);
  const { stdout } = await readGit(context, snapshot.repository.root, ['cat-file', '-p', change.headId]);
  return snapshot.original(path)?.content?.toString().trimEnd() === stdout.trimEnd();
}

export const noCommitToBranch: BuiltIn = {
  name: "don't commit to branch",
  alwaysRun: true,
  create(args) {
    const options = readOptions(args, {
      branch: { type: 'string', short: 'b', multiple: true },
      pattern: { type: 'string', short: 'p', multiple: true },
    });
    const patterns = (options.pattern ?? []).map((pattern) => pythonPattern(pattern));
    const branches = options.branch ?? ['master', 'main'];
    return repositoryCheck(async (_, { snapshot }) => {
      const branch = await snapshot.branch();
      if (branch === null) return undefined;
      const isProtected =
        branches.includes(branch) || patterns.some((pattern) => pattern.exec(branch)?.index === 0);
      return isProtected ? `the branch ${branch} takes no direct commits` : undefined;
    });
  },
};
