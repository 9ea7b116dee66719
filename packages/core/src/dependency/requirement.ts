/** The two things that come in packages. */
export type PackageKind = 'worker' | 'skill';

/** That one package needs another one, in some of its versions. */
export interface Requirement {
  readonly kind: PackageKind;
  readonly id: string;
  /** A range of semantic versions such as `^1`. */
  readonly range: string;
  /** It is used where it is there, and nothing is missing where it is not. */
  readonly optional?: true;
}

/** One version of a package, as far as others depend on it. */
export interface PackageVersion {
  readonly kind: PackageKind;
  readonly id: string;
  readonly version: string;
  readonly requires: readonly Requirement[];
}

export const WORKER_ID = /^[a-z][a-z0-9-]{1,49}$/;

/** As the Agent Skills format has it: no hyphen at either end, and no two of them together. */
export const SKILL_ID = /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/;

export function isPackageId(kind: PackageKind, id: string): boolean {
  return (kind === 'worker' ? WORKER_ID : SKILL_ID).test(id);
}

/** `skill release 1.0.0` */
export function nameOfPackage({ kind, id, version }: Omit<PackageVersion, 'requires'>): string {
  return `${kind} ${id} ${version}`;
}

/** `worker git ^1`, `worker git ^1 (optional)` */
export function nameOfRequirement({ kind, id, range, optional }: Requirement): string {
  return `${kind} ${id} ${range}${optional === true ? ' (optional)' : ''}`;
}
