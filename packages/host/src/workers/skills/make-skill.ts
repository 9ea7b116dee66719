import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CadreError, SKILL_ID } from '@cadre/core';
import { DIST } from '../../installation.ts';

const TEMPLATE = join(DIST, 'templates', 'skill');

/** A skill to begin with, in a new folder that is called like it. Throws `invalid_input` and `exists`. */
export async function makeSkill(id: string, folder: string): Promise<void> {
  if (!SKILL_ID.test(id)) {
    throw new CadreError('invalid_input', `a skill cannot be called ${JSON.stringify(id)}`, {
      hint: 'use 1 to 64 lower-case letters, digits and single hyphens, none at either end',
    });
  }
  await mkdir(dirname(folder), { recursive: true });
  // Made beside its place: there is a whole one or none. A name with a dot is no skill.
  const making = join(dirname(folder), `.${id}.making`);
  await rm(making, { recursive: true, force: true });
  try {
    await cp(TEMPLATE, making, { recursive: true });
    for (const entry of await readdir(making, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll('NAME', id));
    }
    await rename(making, folder);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) {
      throw new CadreError('exists', `${folder} is there already`, {
        hint: 'choose another name or --in another folder',
      });
    }
    throw error;
  }
}
