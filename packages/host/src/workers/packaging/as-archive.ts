import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CadreError } from '@cadre/core';
import type { Provenance } from '../../ports/package-facts.ts';
import { loadPackage } from '../load-worker.ts';
import { brokenSkill } from '../skills/broken-skill.ts';
import { loadSkill } from '../skills/load-skill.ts';
import { listPackageFiles } from './list-package-files.ts';
import { digestOf, type PackageIndex } from './package-index.ts';
import type { Signature } from './signing-key.ts';
import { unzipSkill } from './unzip-skill.ts';
import { writeArchive } from './write-archive.ts';

/**
 * What was given, as the archive that everything is installed from: a folder and a ZIP become one that nobody has signed, in the empty
 * folder `place`. Throws CadreError `invalid_package`, `invalid_skill`, `invalid_manifest`.
 */
export async function asArchive(given: string, place: string): Promise<string> {
  const found = await stat(given).catch(() => undefined);
  if (found === undefined)
    throw new CadreError('not_found', `there is no file ${given}`, {
      hint: 'name a file, a folder, an address, or what a catalogue has',
    });
  const archive = join(place, 'package.tgz');
  if (found.isDirectory()) await archiveFolder(given, archive);
  else if (await isZip(given)) await archiveFolder(await unzipSkill(given, join(place, 'unzipped')), archive);
  else return given;
  return archive;
}

interface IndexedAs {
  /** Absent: what it looks like. */
  readonly kind?: 'worker' | 'skill';
  readonly provenance?: Provenance;
}

/** Makes the index of what lies in a folder, whose name a skill has to have. */
export async function indexFolder(
  folder: string,
  { kind, provenance }: IndexedAs = {},
): Promise<PackageIndex> {
  const noted = provenance === undefined ? {} : { provenance };
  const of = kind ?? (existsSync(join(folder, 'SKILL.md')) ? 'skill' : 'worker');
  if (of === 'worker') {
    const { id, version } = loadPackage(folder).manifest;
    return { format: 1, id, version, ...noted, files: await listPackageFiles(folder) };
  }
  const loaded = await loadSkill(folder, basename(folder));
  if (!loaded.ok) throw brokenSkill({ id: basename(folder), folder, problems: loaded.problems });
  const { skill, files } = loaded.content;
  return { format: 1, kind: 'skill', id: skill.id, version: skill.version, ...noted, files };
}

export async function archiveFolder(
  folder: string,
  archive: string,
  { sign, ...about }: IndexedAs & { readonly sign?: (digest: string) => Signature } = {},
): Promise<PackageIndex> {
  const index = await indexFolder(folder, about);
  await writeArchive(archive, folder, index, sign?.(digestOf(index)));
  return index;
}

/** A ZIP begins with its first file, or with its end when it has none. */
async function isZip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return ['504b0304', '504b0506'].includes(buffer.toString('hex'));
  } finally {
    await handle.close();
  }
}
