import type { Problem } from '@cadre/core';

/** What no program can look at before a package is trusted (WRK-24). A reviewer signs that they have, for one content of it. */
export const REVIEW_POINTS = [
  { id: 'purpose', says: 'what it does is what its description says, and nothing else' },
  { id: 'permissions', says: 'each permission is needed by an action, and none could be narrower' },
  { id: 'data', says: 'what it sends leaves to no other place than its purpose asks for, secrets included' },
  { id: 'programs', says: 'programs that it starts get no text of others as options or as shell' },
  { id: 'effects', says: 'previews show what the actions do, and what cannot be undone says so' },
  {
    id: 'dependencies',
    says: 'each package that it brings along is known, maintained, and under a fitting licence',
  },
  { id: 'source', says: 'the packed code was made from the source that was read' },
] as const;

export type ReviewPoint = (typeof REVIEW_POINTS)[number]['id'];

/** Somebody's word for one content of a package, proved by its signature. */
export interface Review {
  readonly keyId: string;
  /** What the person who trusts the key calls it; undefined: they do not. */
  readonly name?: string;
  readonly points: readonly string[];
  readonly note?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** From which commit a package was made, as whoever packed it says. */
export interface Provenance {
  /** The last one that changed the folder. */
  readonly commit: string;
  /** When it was made: ISO 8601, UTC. */
  readonly at: string;
  /** Whether the folder held anything else than the commit. */
  readonly dirty: boolean;
  /** Host and path, without whoever fetched it. */
  readonly repository?: string;
}

export interface WorkerLicences {
  readonly worker: string;
  readonly version: string;
  /** SPDX, as its manifest says. */
  readonly licence?: string;
  /** What it brings along. */
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly licence?: string;
  }[];
}

/** A package that somebody looks at before they say something of it. */
export interface Inspected {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly provenance?: Provenance;
  /** What `cadre worker validate --strict` would say of its content. */
  readonly problems: readonly Problem[];
  readonly reviews: readonly Review[];
}

/** What is known of packages beside their content: who looked at them, where they come from, under which licences they are. */
export interface PackageFacts {
  /** Throws `invalid_package`. */
  inspect(archive: string): Promise<Inspected>;
  /** Signs for exactly the content that was looked at; answers the file beside the package. Throws `changed_meanwhile`. */
  signReview(
    archive: string,
    said: { readonly digest: string; readonly points: readonly string[]; readonly note?: string },
  ): Promise<{ readonly file: string; readonly keyId: string }>;
  /** Of one that is installed. */
  about(
    id: string,
    version: string,
  ): Promise<{ readonly provenance?: Provenance; readonly reviews: readonly Review[] }>;
  /** Of all workers that did not come with Cadre. */
  licences(): Promise<readonly WorkerLicences[]>;
}
