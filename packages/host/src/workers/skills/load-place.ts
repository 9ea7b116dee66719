import { existsSync, readFileSync } from 'node:fs';
import type { Problem } from '@cadre/core';
import type { BrokenSkill, InstalledSkill } from '../../ports/skills.ts';
import { SIGNED } from '../packaging/package-index.ts';
import { LOCK_FILE } from '../packaging/worker-lock.ts';
import { loadSkill, skillProblem } from './load-skill.ts';
import type { SkillPlace } from './skill-places.ts';

export type LoadedPlace = { readonly skill: InstalledSkill } | { readonly broken: BrokenSkill };

/** `folder`: where a copy of it lies, to be loaded in its stead. */
export async function loadPlace(place: SkillPlace, folder = place.folder): Promise<LoadedPlace> {
  const { id, locked, from } = place;
  const refuse = (...problems: readonly Problem[]) => ({ broken: { id, folder: place.folder, problems } });
  if (locked !== undefined && !existsSync(folder)) {
    const message = `${id} ${locked.version} stands in ${LOCK_FILE} and is not installed on this machine`;
    return refuse(skillProblem('', message, 'cadre skill add --locked'));
  }
  const loaded = await loadSkill(folder, id);
  if (!loaded.ok) return refuse(...loaded.problems);
  const { content, digest } = loaded;
  if (locked !== undefined && locked.digest !== digest) {
    const message = `${id} ${locked.version} is not what ${LOCK_FILE} names any more`;
    return refuse(skillProblem('', message, `cadre skill remove ${id}@${locked.version}, and add it again`));
  }
  const { instructions: _, ...about } = content.skill;
  const signed = `${place.folder}${SIGNED}`;
  return {
    skill: {
      ...about,
      hash: digest,
      folder,
      from,
      files: content.files,
      bytes: content.files.reduce((sum, { size }) => sum + size, 0),
      ...(locked !== undefined && existsSync(signed) ? { signedBy: readFileSync(signed, 'utf8') } : {}),
    },
  };
}
