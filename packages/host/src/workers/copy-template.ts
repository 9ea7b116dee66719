import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CadreError } from '@cadre/core';
import { DIST } from '../installation.ts';

export const TEMPLATES = join(DIST, 'templates');

/** What npm would not take along under its own name. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/**
 * A new folder with what lies in the template, in which NAME is the id. It is made beside its place: there is a whole one or none.
 * Throws `exists`.
 */
export async function copyTemplate(template: string, id: string, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  // A name with a dot in front is neither a worker nor a skill.
  const making = join(dirname(folder), `.${basename(folder)}.making`);
  await rm(making, { recursive: true, force: true });
  try {
    await cp(join(TEMPLATES, template), making, { recursive: true });
    for (const entry of await readdir(making, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll('NAME', id));
      const renamed = RENAMED[entry.name];
      if (renamed !== undefined) await rename(path, join(entry.parentPath, renamed));
    }
    // Renaming onto a folder that holds something fails on every system.
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
