import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PackageVersion, parseManifest, requirementsOf, type SkillContent } from '@cadre/core';
import type { Manifest } from '@cadre/sdk';
import { loadSkill } from '../skills/load-skill.ts';
import { invalidPackage, kindOf, type PackageIndex } from './package-index.ts';
import type { Unpacked } from './unpack-archive.ts';

/** What lies in a package, by what it says of itself. */
export type Described = DescribedWorker | DescribedSkill;

export interface DescribedWorker extends PackageVersion {
  readonly kind: 'worker';
  readonly manifest: Manifest;
}

export interface DescribedSkill extends PackageVersion {
  readonly kind: 'skill';
  readonly content: SkillContent;
}

/** Of what was unpacked. Throws CadreError `invalid_package`, also when index and description say two things. */
export async function describePackage(
  folder: string,
  { index, digest }: Pick<Unpacked, 'index' | 'digest'>,
): Promise<Described> {
  const described =
    kindOf(index) === 'worker' ? readWorker(folder, index) : await readSkill(folder, index, digest);
  if (described.id !== index.id || described.version !== index.version) {
    const file = described.kind === 'worker' ? 'manifest' : 'SKILL.md';
    throw invalidPackage(
      `its index says ${index.id} ${index.version}, and its ${file} ${described.id} ${described.version}`,
    );
  }
  return described;
}

export function describeWorker(manifest: Manifest): DescribedWorker {
  const { id, version } = manifest;
  return { kind: 'worker', id, version, requires: requirementsOf(manifest), manifest };
}

export function describeSkill(content: SkillContent): DescribedSkill {
  const { id, version, requires } = content.skill;
  return { kind: 'skill', id, version, requires, content };
}

/** The range of versions of Cadre that it wants. */
export function wantedCadre(described: Described): string {
  const wanted =
    described.kind === 'worker' ? described.manifest.engines?.cadre : described.content.skill.cadre;
  return wanted ?? '*';
}

function readWorker(folder: string, index: PackageIndex): DescribedWorker {
  const name = ['worker.yaml', 'worker.json'].find((one) => index.files.some(({ path }) => path === one));
  if (name === undefined) throw invalidPackage('it has no worker.yaml');
  const parsed = parseManifest(readFileSync(join(folder, name), 'utf8'));
  if (!parsed.ok) throw invalidPackage(`its ${name} is wrong: ${parsed.problems[0]?.message ?? ''}`);
  const { manifest } = parsed;
  if (!index.files.some(({ path }) => path === manifest.entrypoint.replace(/^\.\//, '')))
    throw invalidPackage(`its entry point ${manifest.entrypoint} is not in it`);
  return describeWorker(manifest);
}

async function readSkill(folder: string, index: PackageIndex, digest: string): Promise<DescribedSkill> {
  const loaded = await loadSkill(folder, index.id);
  if (!loaded.ok) {
    const errors = loaded.problems.filter(({ severity }) => severity === 'error');
    const said = errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    throw invalidPackage(`its skill is wrong: ${said.join('; ')}`);
  }
  // It would never be found again as what it is.
  const isOtherVersion = loaded.content.skill.version !== index.version;
  if (loaded.digest !== digest && !isOtherVersion)
    throw invalidPackage('it holds files that are no part of a skill');
  return describeSkill(loaded.content);
}
