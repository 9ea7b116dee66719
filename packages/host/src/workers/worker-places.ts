import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LockedPackage } from '../ports/packages.ts';
import type { BrokenWorker } from './load-worker.ts';
import { lockedPackages } from './packaging/locked-packages.ts';

/** Where a worker of a workspace lies. */
export interface WorkerPlace {
  readonly id: string;
  readonly folder: string;
  /** It was installed, and the lock of the workspace names it; absent: its sources lie in the workspace. */
  readonly locked?: LockedPackage;
}

export interface WorkerPlaces {
  readonly places: readonly WorkerPlace[];
  /** The lock, when it cannot be read. */
  readonly broken: readonly BrokenWorker[];
}

/** The workers of a workspace as its folders and its lock name them now, whether they can be used or not. */
export function findPlaces(workspace: string, packages: string): WorkerPlaces {
  const own = join(workspace, '.cadre', 'workers');
  const { locked: workers, broken } = lockedPackages(workspace, 'worker');
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
    return (
      readdirSync(folder, { withFileTypes: true })
        // One with a dot is what somebody was making.
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
        .sort()
    );
  } catch {
    // No such folder: no workers there.
    return [];
  }
}

export function idOf(name: string): string {
  return name.split('@')[0] ?? name;
}
