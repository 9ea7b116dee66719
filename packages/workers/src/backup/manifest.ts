import { ActionError } from '@cadre/sdk';

/** Names inside an archive. The manifest comes last, because only then all hashes are known. */
export const FILES_PREFIX = 'files/';
export const BUNDLE_NAME = 'repository.bundle';
export const MANIFEST_NAME = 'manifest.json';

export interface ArchiveManifest {
  readonly version: 1;
  readonly workspace: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly run: string;
  /** Null when there was no repository, or one without commits. */
  readonly history: ArchivedHistory | null;
  readonly entries: readonly ArchivedEntry[];
}

export interface ArchivedHistory {
  /** Null when the head was detached. */
  readonly branch: string | null;
  readonly head: string;
  readonly sha256: string;
}

export type ArchivedEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly bytes: number;
      readonly sha256: string;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

export function parseManifest(text: string): ArchiveManifest {
  const manifest = JSON.parse(text) as ArchiveManifest;
  if (manifest.version === 1) return manifest;
  throw new ActionError('unsupported', `the archive has the unknown format version ${manifest.version}`, {
    hint: 'restore it with a newer version of Cadre',
  });
}
