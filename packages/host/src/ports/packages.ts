import type { ManifestDifference, PackageKind, PackageVersion, RequirementFault, Skill } from '@cadre/core';
import type { Manifest } from '@cadre/sdk';
import type { PackageFacts, Provenance, Review } from './package-facts.ts';

/** Unpacked, and packed. More is no worker, and whoever takes one has to know beforehand what it can cost. */
export const MOST_PACKAGE_BYTES = 256 * 2 ** 20;

/** A skill is text, with little beside it. */
export const MOST_SKILL_BYTES = 10 * 2 ** 20;

/** A package that the workspace uses: exactly this content, wherever it came from. */
export interface LockedPackage {
  readonly kind: PackageKind;
  readonly id: string;
  readonly version: string;
  /** Of its index: SHA-256, hex. */
  readonly digest: string;
  /** Who has signed it. */
  readonly signer?: string;
  /** Where it was found: a path relative to the workspace, or an address. */
  readonly source: string;
}

export interface TrustedSigner {
  readonly keyId: string;
  /** Public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  /** What the person who trusts it calls it. */
  readonly name: string;
  /** Ids of workers that it may sign, as globs; of skills with `skill:` before them. */
  readonly workers: readonly string[];
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Whose packages are installed without asking who made them: a list of one person, outside of any repository. */
export interface TrustedSigners {
  list(): Promise<readonly TrustedSigner[]>;
  /** `named`: the id of a worker, or `skill:` and that of a skill. */
  find(keyId: string, named: string): Promise<TrustedSigner | undefined>;
  /** One that is there already gets the new name and scope. */
  add(signer: Omit<TrustedSigner, 'keyId'>): Promise<TrustedSigner>;
  /** By key or name. Throws `not_found`. */
  remove(named: string): Promise<TrustedSigner>;
}

/** What a person decides upon before a package may do anything. */
export type Offer = WorkerOffer | SkillOffer;

export interface WorkerOffer extends OfferAbout {
  readonly kind: 'worker';
  readonly manifest: Manifest;
}

export interface SkillOffer extends OfferAbout {
  readonly kind: 'skill';
  readonly skill: Skill;
  /** What it brings along beside its text. */
  readonly files: readonly string[];
  readonly scripts: readonly string[];
}

interface OfferAbout extends PackageVersion {
  readonly digest: string;
  readonly signer: SignedBy;
  /** The version that it comes beside or after; undefined: it is new here. */
  readonly before: string | undefined;
  readonly difference: ManifestDifference | undefined;
  /** From which commit it was made, as its maker says. */
  readonly provenance?: Provenance;
  /** Who has signed that they have looked at exactly this content. */
  readonly reviews: readonly Review[];
  /** Why it has to be asked; none: it follows from what was decided before. */
  readonly reasons: readonly string[];
}

export type SignedBy =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'stranger'; readonly keyId: string; readonly key: string }
  | { readonly kind: 'trusted'; readonly keyId: string; readonly name: string };

export type Installed =
  | { readonly ok: true; readonly installed: LockedPackage; readonly isNew: boolean }
  | { readonly ok: false; readonly offer: Offer };

export interface Packed {
  readonly kind: PackageKind;
  readonly file: string;
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
  readonly keyId?: string;
  readonly provenance?: Provenance;
}

export interface AddOptions {
  readonly archive: string;
  readonly source: string;
  readonly expected?: LockedPackage;
  readonly override?: boolean;
  readonly decide: (offer: Offer) => Promise<boolean>;
}

export interface Removed {
  readonly removed: readonly LockedPackage[];
  /** Grants that went with it. */
  readonly grants: number;
  /** Files of the workspace that name it still. */
  readonly references: readonly string[];
  /** Packages that require it, and have nothing else that fits: as chains. */
  readonly requiredBy: readonly string[];
}

export interface RemovedPackage {
  readonly kind: PackageKind;
  readonly id: string;
  /** Undefined: all of them. */
  readonly version: string | undefined;
}

export interface Published {
  readonly kind: PackageKind;
  readonly id: string;
  readonly version: string;
}

/** A package that is not installed, as far as that matters to others. */
export interface LookedInto extends PackageVersion {
  readonly digest: string;
}

/** What one names a package by. */
export interface WantedPackage {
  readonly kind: PackageKind;
  readonly id: string;
  readonly range: string | undefined;
}

/** What becomes of packages of workers and skills: made, signed, installed, compared, removed. */
export interface Packages extends PackageFacts {
  readonly signers: TrustedSigners;
  /** How others name this person's key, which is made when there is none. */
  signingKey(): Promise<{ readonly keyId: string; readonly key: string; readonly isNew: boolean }>;
  /**
   * `to`: a file, or a folder in which it gets its usual name. `provenance`: the commit is noted in it. Throws `invalid_package`, also
   * when there is no commit to be noted.
   */
  pack(
    kind: PackageKind,
    folder: string,
    to: string,
    wanted: { readonly signs: boolean; readonly provenance: boolean },
  ): Promise<Packed>;
  /** A folder or a ZIP as an archive, made in the empty folder `place`; an archive as it is. Throws what is wrong with it. */
  asArchive(given: string, place: string): Promise<string>;
  /** What an archive says of itself, and nothing of it is kept. */
  lookInto(archive: string): Promise<LookedInto>;
  /** What it lacks of what is here, and of what comes along with it. */
  lacking(one: LookedInto, alongside: readonly LookedInto[]): Promise<readonly RequirementFault[]>;
  add(options: AddOptions): Promise<Installed>;
  /** Puts packages into a catalogue: a folder. */
  publish(archives: readonly string[], to: string): Promise<readonly Published[]>;
  /** Everything that the lock names, as a catalogue to take along. */
  bundle(to: string): Promise<readonly Published[]>;
  /** Where something is in a catalogue, by the text of its list. Throws `not_found`. */
  findIn(
    text: string,
    wanted: WantedPackage,
    place: string,
  ): { readonly version: string; readonly digest: string; readonly file: string };
  /** What the lock names and this machine has not. */
  missing(): Promise<readonly { readonly source: string; readonly expected: LockedPackage }[]>;
  /** Throws `not_found`, and `lease_held` while runs that are not over use a worker, or others require a skill. */
  remove(wanted: RemovedPackage, force: boolean): Promise<Removed>;
  /** Of folders and archives, relative to `base`, or of what is installed. */
  diff(
    kind: PackageKind,
    before: string,
    after: string,
    base: string,
  ): Promise<{ readonly before: PackageVersion; readonly after: PackageVersion } & ManifestDifference>;
}
