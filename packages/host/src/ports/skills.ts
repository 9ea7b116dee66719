import type { PackageVersion, Problem, RequirementFault, Resolution, Skill } from '@cadre/core';

/** A skill that can be used. What it tells a bot is read when it is asked for. */
export interface InstalledSkill extends Omit<Skill, 'instructions'> {
  /** Of its files: the same as the digest of the package that they make. */
  readonly hash: string;
  readonly folder: string;
  readonly from: SkillOrigin;
  /** In the order of their paths. */
  readonly files: readonly SkillFile[];
  readonly bytes: number;
  /** Key of whoever signed its package and was trusted when it was installed. */
  readonly signedBy?: string;
}

/** In the order in which they are looked through. */
export type SkillOrigin = 'workspace' | 'package' | 'personal';

export interface SkillFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly executable?: true;
}

/** A package that is here, and what it requires and cannot have. */
export interface Lacking {
  readonly package: PackageVersion;
  readonly faults: readonly RequirementFault[];
}

/** One that is there and cannot be used. */
export interface BrokenSkill {
  readonly id: string;
  readonly folder: string;
  readonly problems: readonly Problem[];
}

/** Skills of one workspace. Nothing of them is ever run here: they are text for bots. */
export interface Skills {
  /** All that can be used, by id, the newest version first. */
  list(): Promise<readonly InstalledSkill[]>;
  /** Those that are there and hidden by the same version of another origin. */
  shadowed(): Promise<readonly InstalledSkill[]>;
  broken(): Promise<readonly BrokenSkill[]>;
  /** The newest in the range. Throws `not_found` with the nearest names, `incompatible`, `invalid_skill`. */
  resolve(id: string, range?: string): Promise<InstalledSkill>;
  /** Exactly the content that somebody has begun with; undefined: it is gone. */
  find(id: string, hash: string): Promise<InstalledSkill | undefined>;
  /** What it brings along, each after what it requires, and what it lacks. */
  requirements(skill: InstalledSkill): Promise<Resolution<PackageVersion>>;
  /** What lacks something of what it requires: workers too. */
  lacking(): Promise<readonly Lacking[]>;
  /** Everything that is here and others can require: workers too. */
  present(): Promise<readonly PackageVersion[]>;
  /** What it tells a bot. Throws `changed_meanwhile` when it is not what its hash says any more. */
  instructions(skill: InstalledSkill): Promise<string>;
  /** One of its files. Throws `not_found` and `changed_meanwhile`. */
  read(skill: InstalledSkill, path: string): Promise<Buffer>;
}
