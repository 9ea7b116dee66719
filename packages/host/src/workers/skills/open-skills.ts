import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CadreError,
  createResolver,
  nearest,
  type PackageVersion,
  parseSkill,
  requirementsOf,
  resolveRequirements,
} from '@cadre/core';
import { compare, satisfies, validRange } from 'semver';
import type { InstalledWorker } from '../../ports/action-runner.ts';
import type { BrokenSkill, InstalledSkill, Skills } from '../../ports/skills.ts';
import { brokenSkill } from './broken-skill.ts';
import { type LoadedPlace, loadPlace } from './load-place.ts';
import { findSkillPlaces, type SkillFolders } from './skill-places.ts';

/** Skills of a workspace that somebody has in hand while their files change. */
export interface HeldSkills {
  list(): readonly LoadedPlace[];
  /** What another content took the place of: for whoever asks for just that. */
  past(id: string): readonly InstalledSkill[];
}

export interface OpenedSkills extends Skills {
  /** From now on the skills of the workspace are those; undefined: what lies in its folders. */
  hold(held: HeldSkills | undefined): void;
}

interface Found {
  readonly skills: readonly InstalledSkill[];
  readonly shadowed: readonly InstalledSkill[];
  readonly broken: readonly BrokenSkill[];
}

/** Reads what lies there each time that it is asked, unless somebody holds them. */
export function openSkills(
  folders: SkillFolders,
  workers: { list(): readonly InstalledWorker[] },
): OpenedSkills {
  let held: HeldSkills | undefined;

  async function look(): Promise<Found> {
    const { places, broken } = await findSkillPlaces(folders);
    const loaded = held?.list() ?? (await Promise.all(places.map((place) => loadPlace(place))));
    const all = loaded.flatMap((one) => ('skill' in one ? [one.skill] : []));
    const first = ({ id, version }: InstalledSkill) =>
      all.find((one) => one.id === id && one.version === version);
    return {
      skills: all.filter((one) => first(one) === one).sort(byId),
      shadowed: all.filter((one) => first(one) !== one).sort(byId),
      broken: [...broken, ...loaded.flatMap((one) => ('broken' in one ? [one.broken] : []))],
    };
  }

  const present = (skills: readonly InstalledSkill[]): readonly PackageVersion[] => [
    ...workers.list().map(({ manifest }) => ({
      kind: 'worker' as const,
      id: manifest.id,
      version: manifest.version,
      requires: requirementsOf(manifest),
    })),
    ...skills.map(versionOf),
  ];

  return {
    list: async () => (await look()).skills,
    shadowed: async () => (await look()).shadowed,
    broken: async () => (await look()).broken,
    async resolve(id, range) {
      if (range !== undefined && validRange(range) === null)
        throw new CadreError('invalid_input', `${range} is no range of versions`, {
          hint: `write for example ${id}@^1`,
        });
      const { skills, broken } = await look();
      const named = skills.filter((one) => one.id === id);
      const found = named.find(({ version }) => range === undefined || satisfies(version, range));
      if (found !== undefined) return found;
      if (named.length > 0) throw noVersion(id, range ?? '*', named);
      const faulty = broken.find((one) => one.id === id);
      if (faulty !== undefined) throw brokenSkill(faulty);
      throw noSkill(
        id,
        skills.map((one) => one.id),
      );
    },
    async find(id, hash) {
      const { skills, shadowed } = await look();
      return [...skills, ...shadowed, ...(held?.past(id) ?? [])].find(
        (one) => one.id === id && one.hash === hash,
      );
    },
    async requirements(skill) {
      return resolveRequirements(versionOf(skill), present((await look()).skills));
    },
    async lacking() {
      const all = present((await look()).skills);
      const resolveOne = createResolver(all);
      return all
        .map((one) => ({ package: one, faults: resolveOne(one).faults }))
        .filter(({ faults }) => faults.length > 0);
    },
    present: async () => present((await look()).skills),
    async instructions(skill) {
      const parsed = parseSkill((await readChecked(skill, 'SKILL.md')).toString('utf8'));
      if (!parsed.ok) throw changed(skill, 'SKILL.md');
      return parsed.skill.instructions;
    },
    read: readChecked,
    hold(skills) {
      held = skills;
    },
  };
}

/** Exactly the bytes that the hash of the skill stands for. */
async function readChecked(skill: InstalledSkill, path: string): Promise<Buffer> {
  const file = skill.files.find((one) => one.path === path);
  if (file === undefined) {
    const [near] = nearest(
      path,
      skill.files.map((one) => one.path),
    );
    throw new CadreError('not_found', `the skill ${skill.id} has no file ${path}`, {
      hint: near === undefined ? `cadre skill show ${skill.id}` : `did you mean ${near}?`,
    });
  }
  const bytes = await readFile(join(skill.folder, path)).catch((cause: unknown) => {
    throw changed(skill, path, cause);
  });
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) throw changed(skill, path);
  return bytes;
}

function changed({ id, version }: InstalledSkill, path: string, cause?: unknown): CadreError {
  return new CadreError(
    'changed_meanwhile',
    `${path} of the skill ${id} ${version} has changed since it was looked at`,
    {
      hint: 'look at it again: cadre skill list',
      cause,
    },
  );
}

function versionOf({ id, version, requires }: InstalledSkill): PackageVersion {
  return { kind: 'skill', id, version, requires };
}

function byId(a: InstalledSkill, b: InstalledSkill): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : compare(b.version, a.version);
}

function noSkill(id: string, known: readonly string[]): CadreError {
  const [near] = nearest(id, known);
  return new CadreError('not_found', `there is no skill ${id}`, {
    hint: near === undefined ? 'cadre skill list' : `did you mean ${near}?`,
  });
}

function noVersion(id: string, range: string, there: readonly InstalledSkill[]): CadreError {
  const versions = there.map(({ version }) => version).join(', ');
  return new CadreError(
    'incompatible',
    `the skill ${id} is wanted in version ${range}, there is ${versions}`,
    {
      hint: `add a fitting version: cadre skill add ${id}@${range}`,
    },
  );
}
