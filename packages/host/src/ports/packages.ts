import type { ManifestDifference } from '@cadre/core';
import type { Manifest } from '@cadre/sdk';
import type { PackageFacts, Provenance, Review } from './package-facts.ts';

/** Unpacked, and packed. More is no worker, and whoever takes one has to know beforehand what it can cost. */
export const MOST_PACKAGE_BYTES = 256 * 2 ** 20;

/** A package that the workspace uses: exactly this content, wherever it came from. */
export interface LockedWorker {
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
  /** Ids of workers that it may sign, as globs. */
  readonly workers: readonly string[];
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Whose packages are installed without asking who made them: a list of one person, outside of any repository. */
export interface TrustedSigners {
  list(): Promise<readonly TrustedSigner[]>;
  find(keyId: string, worker: string): Promise<TrustedSigner | undefined>;
  /** One that is there already gets the new name and scope. */
  add(signer: Omit<TrustedSigner, 'keyId'>): Promise<TrustedSigner>;
  /** By key or name. Throws `not_found`. */
  remove(named: string): Promise<TrustedSigner>;
}

/** What a person decides upon before a package may do anything. */
export interface Offer {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly signer: SignedBy;
  /** The version that it comes beside or after; undefined: the worker is new here. */
  readonly before: Manifest | undefined;
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
  | { readonly ok: true; readonly worker: LockedWorker; readonly isNew: boolean }
  | { readonly ok: false; readonly offer: Offer };

export interface Packed {
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
  readonly expected?: LockedWorker;
  readonly override?: boolean;
  readonly decide: (offer: Offer) => Promise<boolean>;
}

export interface Removed {
  readonly removed: readonly LockedWorker[];
  /** Grants that went with it. */
  readonly grants: number;
  /** Files of the workspace that name it still. */
  readonly references: readonly string[];
}

/** What becomes of packages of workers: made, signed, installed, compared, removed. */
export interface Packages extends PackageFacts {
  readonly signers: TrustedSigners;
  /** How others name this person's key, which is made when there is none. */
  signingKey(): Promise<{ readonly keyId: string; readonly key: string; readonly isNew: boolean }>;
  /**
   * `to`: a file, or a folder in which it gets its usual name. `provenance`: the commit is noted in it. Throws `invalid_package`, also
   * when there is no commit to be noted.
   */
  pack(
    folder: string,
    to: string,
    wanted: { readonly signs: boolean; readonly provenance: boolean },
  ): Promise<Packed>;
  add(options: AddOptions): Promise<Installed>;
  /** Puts packages into a catalogue: a folder. */
  publish(
    archives: readonly string[],
    to: string,
  ): Promise<readonly { readonly id: string; readonly version: string }[]>;
  /** Everything that the lock names, as a catalogue to take along. */
  bundle(to: string): Promise<readonly { readonly id: string; readonly version: string }[]>;
  /** Where something is in a catalogue, by the text of its list. Throws `not_found`. */
  findIn(
    text: string,
    wanted: { readonly id: string; readonly range: string | undefined },
    place: string,
  ): { readonly version: string; readonly digest: string; readonly file: string };
  /** What the lock names and this machine has not. */
  missing(): Promise<readonly { readonly source: string; readonly expected: LockedWorker }[]>;
  /** Throws `not_found`, and `lease_held` while runs that are not over use it. */
  remove(id: string, version: string | undefined, force: boolean): Promise<Removed>;
  /** Of folders and archives, relative to `base`, or of workers that are installed. */
  diff(
    before: string,
    after: string,
    base: string,
  ): Promise<{ readonly before: Manifest; readonly after: Manifest } & ManifestDifference>;
}
