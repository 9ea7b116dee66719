import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockedPackage } from '../../ports/packages.ts';
import type { BrokenSkill, SkillOrigin } from '../../ports/skills.ts';
import { lockedPackages } from '../packaging/locked-packages.ts';
import { LOCK_FILE } from '../packaging/worker-lock.ts';
import { skillProblem } from './load-skill.ts';

/** Where a skill lies. */
export interface SkillPlace {
  readonly id: string;
  readonly folder: string;
  readonly from: SkillOrigin;
  /** It was installed, and the lock of the workspace names it. */
  readonly locked?: LockedPackage;
}

export interface SkillFolders {
  readonly workspace: string;
  /** Of the packages that are installed, `ID@VERSION` each. */
  readonly packages: string;
  /** Of the person, for all workspaces. */
  readonly personal: string;
}

export interface SkillPlaces {
  readonly places: readonly SkillPlace[];
  /** Links, and the lock when it cannot be read. */
  readonly broken: readonly BrokenSkill[];
}

/** The skills of a workspace as its folders and its lock name them now, in the order in which they count. */
export async function findSkillPlaces({ workspace, packages, personal }: SkillFolders): Promise<SkillPlaces> {
  const { locked, broken } = lockedPackages(workspace, 'skill');
  const own = await foldersIn(join(workspace, '.cadre', 'skills'), 'workspace');
  const others = await foldersIn(personal, 'personal');
  return {
    // Sources stand for the package that is made of them: whoever works on a skill sees what it says.
    places: [
      ...own.places,
      ...locked.map((one) => ({
        id: one.id,
        folder: join(packages, `${one.id}@${one.version}`),
        from: 'package' as const,
        locked: one,
      })),
      ...others.places,
    ],
    broken: [...own.broken, ...others.broken, ...broken.map((one) => ({ id: LOCK_FILE, ...one }))],
  };
}

async function foldersIn(around: string, from: SkillOrigin): Promise<SkillPlaces> {
  // No such folder: no skills there.
  const entries = await readdir(around, { withFileTypes: true }).catch(() => []);
  const named = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const at = (name: string) => join(around, name);
  return {
    places: named
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ id: name, folder: at(name), from })),
    broken: named
      .filter((entry) => entry.isSymbolicLink())
      .map(({ name }) => ({
        id: name,
        folder: at(name),
        problems: [skillProblem('', `${name} is a link`, 'put the folder itself there')],
      })),
  };
}
