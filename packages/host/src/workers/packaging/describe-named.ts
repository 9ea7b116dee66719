import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CadreError, type PackageKind } from '@cadre/core';
import type { InstalledWorker } from '../../ports/action-runner.ts';
import type { InstalledSkill, Skills } from '../../ports/skills.ts';
import { loadPackage } from '../load-worker.ts';
import { brokenSkill } from '../skills/broken-skill.ts';
import { loadSkill } from '../skills/load-skill.ts';
import { type Described, describePackage, describeSkill, describeWorker } from './describe-package.ts';
import { type Unpacked, unpackArchive } from './unpack-archive.ts';

interface Here {
  readonly workers: { list(): readonly InstalledWorker[] };
  readonly skills: Pick<Skills, 'list' | 'instructions'>;
}

/** All that is here. */
export async function describePresent({ workers, skills }: Here): Promise<readonly Described[]> {
  const installed = await skills.list();
  return [
    ...workers.list().map(({ manifest }) => describeWorker(manifest)),
    ...(await Promise.all(installed.map((one) => withInstructions(one, skills)))),
  ];
}

/** A folder, an archive, or something that is here: `ID` or `ID@VERSION`. */
export async function describeNamed(
  kind: PackageKind,
  given: string,
  base: string,
  here: Here,
): Promise<Described> {
  const named = resolve(base, given);
  if (statSync(named, { throwIfNoEntry: false })?.isDirectory() === true) return describeFolder(kind, named);
  if (existsSync(named)) return withUnpacked(named, describePackage);
  const found = (await describePresent(here)).find(
    (one) => one.kind === kind && (given === one.id || given === `${one.id}@${one.version}`),
  );
  if (found !== undefined) return found;
  throw new CadreError('not_found', `${given} is no folder, no package and no ${kind} that is here`, {
    hint: `cadre ${kind} list`,
  });
}

/** Unpacks an archive for as long as the work takes. */
export async function withUnpacked<T>(
  archive: string,
  work: (folder: string, unpacked: Unpacked) => Promise<T>,
): Promise<T> {
  const staging = await mkdtemp(join(tmpdir(), 'cadre-package-'));
  try {
    return await work(staging, await unpackArchive(archive, staging));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function describeFolder(kind: PackageKind, folder: string): Promise<Described> {
  if (kind === 'worker') return describeWorker(loadPackage(folder).manifest);
  // Two versions of one skill may lie in folders of any name.
  const loaded = await loadSkill(folder, undefined);
  if (loaded.ok) return describeSkill(loaded.content);
  throw brokenSkill({ id: folder, folder, problems: loaded.problems });
}

async function withInstructions(
  skill: InstalledSkill,
  skills: Pick<Skills, 'instructions'>,
): Promise<Described> {
  // What has changed since it was listed will be told of where it is used.
  const instructions = await skills.instructions(skill).catch(() => '');
  return describeSkill({ skill: { ...skill, instructions }, files: skill.files });
}
