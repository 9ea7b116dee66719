import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '@cadre/core';
import { didYouMean } from '@cadre/kit/files';
import { DIST } from '../../installation.ts';

const FOLDER = join(DIST, 'templates', 'worker');
const ID = /^[a-z][a-z0-9-]{1,49}$/;

/** `action`, `api`, `program`, `step`, `stream`. */
export async function listTemplates(): Promise<readonly string[]> {
  return (await readdir(FOLDER)).sort();
}

/** A worker to begin with, complete and tested, in a new folder. Throws `invalid_input` and `exists`. */
export async function makeWorker(id: string, template: string, folder: string): Promise<void> {
  const templates = await listTemplates();
  if (!ID.test(id) || id.startsWith('cadre-')) {
    throw new CadreError('invalid_input', `a worker cannot be called ${JSON.stringify(id)}`, {
      hint: 'use 2 to 50 lower-case letters, digits and hyphens, beginning with a letter, and not with cadre-',
    });
  }
  if (!templates.includes(template)) {
    throw new CadreError('invalid_input', `there is no template ${template}`, {
      hint: didYouMean(template, templates) ?? `there are ${templates.join(', ')}`,
    });
  }
  await mkdir(join(folder, '..'), { recursive: true });
  // Made beside its place: there is a whole one or none.
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  try {
    await cp(join(FOLDER, template), making, { recursive: true });
    await rename(join(making, 'gitignore'), join(making, '.gitignore'));
    for (const name of await readdir(making, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const path = join(name.parentPath, name.name);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll('NAME', id));
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
