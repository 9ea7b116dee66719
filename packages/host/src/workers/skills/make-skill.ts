import { CadreError, SKILL_ID } from '@cadre/core';
import { copyTemplate } from '../copy-template.ts';

/** A skill to begin with, in a new folder that is called like it. Throws `invalid_input` and `exists`. */
export async function makeSkill(id: string, folder: string): Promise<void> {
  if (!SKILL_ID.test(id)) {
    throw new CadreError('invalid_input', `a skill cannot be called ${JSON.stringify(id)}`, {
      hint: 'use 1 to 64 lower-case letters, digits and single hyphens, none at either end',
    });
  }
  await copyTemplate('skill', id, folder);
}
