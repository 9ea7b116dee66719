import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CadreError } from '@cadre/core';
import type { LockedWorker } from '../ports/packages.ts';
import { type BrokenWorker, fault } from './load-worker.ts';
import { LOCK_FILE, parseWorkerLock } from './packaging/worker-lock.ts';

/** Where a worker of a workspace lies. */
export interface WorkerPlace {
  readonly id: string;
  readonly folder: string;
  /** It was installed, and the lock of the workspace names it; absent: its sources lie in the workspace. */
  readonly locked?: LockedWorker;
}

export interface WorkerPlaces {
  readonly places: readonly WorkerPlace[];
  /** The lock, when it cannot be read. */
  readonly broken: readonly BrokenWorker[];
}

/** The workers of a workspace as its folders and its lock name them now, whether they can be used or not. */
export function findPlaces(workspace: string, packages: string): WorkerPlaces {
  const own = join(workspace, '.cadre', 'workers');
  const { workers, broken } = readLock(workspace);
  return {
    broken,
    places: [
      // Sources stand for the package that is made of them: whoever works on a worker sees what it does.
      ...packagesIn(own).map((name) => ({ id: idOf(name), folder: join(own, name) })),
      ...workers.map((locked) => ({
        id: locked.id,
        folder: join(packages, `${locked.id}@${locked.version}`),
        locked,
      })),
    ],
  };
}

/** Names of the folders of packages, which are ids or `id@version`. */
export function packagesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    // No such folder: no workers there.
    return [];
  }
}

interface ReadLock {
  readonly workers: readonly LockedWorker[];
  readonly broken: readonly BrokenWorker[];
}

/** A lock that cannot be read is told of like a worker that cannot: the others go on being of use. */
function readLock(root: string): ReadLock {
  const file = join(root, LOCK_FILE);
  if (!existsSync(file)) return { workers: [], broken: [] };
  try {
    return { workers: parseWorkerLock(readFileSync(file, 'utf8'), file), broken: [] };
  } catch (error) {
    const { message, hint } = error as CadreError;
    const problem = { ...fault('', message), ...(hint === undefined ? {} : { suggestion: hint }) };
    return { workers: [], broken: [{ folder: file, problems: [problem] }] };
  }
}

export function idOf(name: string): string {
  return name.split('@')[0] ?? name;
}
