import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ListedEntry } from '../../../tree/list-files.ts';
import { isComplete, parseGoMod, parseGoSum } from './go-modules.ts';
import type { LockedPackage, LockParser } from './locked-package.ts';
import { parseNpmLock } from './npm-lock.ts';
import { parsePipfileLock } from './pipfile-lock.ts';
import { parsePnpmLock } from './pnpm-lock.ts';
import { parseRequirements } from './requirements.ts';
import { parseCargoLock, parsePythonLock } from './toml-lock.ts';
import { parseYarnLock } from './yarn-lock.ts';

/** The largest lock files of public repositories have some 5 MB. */
const MAX_LOCK_BYTES = 32 * 1024 * 1024;

export interface Lock {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
  readonly packages: readonly LockedPackage[];
  readonly unpinned: number;
}

export interface ReadLocks {
  readonly locks: readonly Lock[];
  readonly broken: readonly { readonly path: string; readonly problem: string }[];
}

const PARSERS: Readonly<Record<string, LockParser>> = {
  'package-lock.json': parseNpmLock,
  'npm-shrinkwrap.json': parseNpmLock,
  'pnpm-lock.yaml': parsePnpmLock,
  'yarn.lock': parseYarnLock,
  'uv.lock': parsePythonLock,
  'poetry.lock': parsePythonLock,
  'pdm.lock': parsePythonLock,
  'Pipfile.lock': parsePipfileLock,
  'Cargo.lock': parseCargoLock,
  'go.mod': parseGoMod,
  'go.sum': parseGoSum,
};

/** `requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`, `requirements/test.txt`. */
const REQUIREMENTS = /(?:^|\/)(?:[\w.-]*requirements[\w.-]*|requirements\/[\w.-]+)\.txt$/;

/** Reads the lock files among the entries. One that cannot be read is told and does not stop the others. */
export async function readLocks(workspace: string, entries: readonly ListedEntry[]): Promise<ReadLocks> {
  const locks: Lock[] = [];
  const broken: { path: string; problem: string }[] = [];
  for (const { path, bytes } of entries.filter(({ kind }) => kind === 'file')) {
    const parser = parserFor(path);
    if (parser === undefined) continue;
    try {
      if (bytes > MAX_LOCK_BYTES) throw new Error(`it has more than ${MAX_LOCK_BYTES} bytes`);
      const text = await readFile(join(workspace, path), 'utf8');
      locks.push({ path, text, ...parser(text) });
    } catch (error) {
      broken.push({ path, problem: (error as Error).message.split('\n')[0] ?? '' });
    }
  }
  return { locks: withoutNeedlessSums(locks), broken };
}

function parserFor(path: string): LockParser | undefined {
  return PARSERS[basename(path)] ?? (REQUIREMENTS.test(path) ? parseRequirements : undefined);
}

/** go.sum also lists versions that are not used; it counts only where go.mod does not tell all. */
function withoutNeedlessSums(locks: readonly Lock[]): readonly Lock[] {
  const complete = new Set(
    locks
      .filter(({ path, text }) => basename(path) === 'go.mod' && isComplete(text))
      .map(({ path }) => dirname(path)),
  );
  return locks.filter(({ path }) => basename(path) !== 'go.sum' || !complete.has(dirname(path)));
}
