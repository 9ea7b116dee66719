/** `temporary`: of rehearsals · `standard`: of runs · `kept`: until somebody says otherwise. */
export const ARTIFACT_CLASSES = ['temporary', 'standard', 'kept'] as const;
export type ArtifactClass = (typeof ARTIFACT_CLASSES)[number];

/**
 * Values that are too large for a journal, by the hash of their text, and bytes, which are no value, by their own. An artifact belongs to the workspace; which runs name
 * it is kept beside it, and says how long it stays.
 */
export interface ArtifactStore {
  /** Keeps values that a run is about to name: durable before it answers. What is kept already is not kept twice. */
  put(artifacts: readonly NewArtifact[], use: ArtifactUse): Promise<void>;
  /** The same for the bytes of a file, which is read and not changed; nothing of it is held in memory. */
  putFile(artifact: NewFile, use: ArtifactUse): Promise<void>;
  /** From now on the run names these, too, and all that stand in them. */
  use(digests: readonly string[], use: ArtifactUse): Promise<void>;
  /** Of a value: its text, proved by its hash. Throws `artifact_missing` and `artifact_damaged`. */
  read(digest: string): Promise<string>;
  /**
   * Its bytes, or those of its text, in pieces of at most 64 KiB, each good until 1 MiB after it was taken. They are
   * proved by their hash when the last was taken. Throws what `read` throws.
   */
  open(digest: string): AsyncIterable<Uint8Array>;
  /** By its digest or the beginning of it; more than one: it is not long enough. */
  find(digest: string): Promise<readonly ArtifactRecord[]>;
  /** The last used first. */
  list(
    filter: ArtifactFilter,
  ): Promise<{ readonly artifacts: readonly ArtifactRecord[]; readonly cursor?: string }>;
  listRuns(digest: string): Promise<readonly string[]>;
  /** False: there is no such artifact. */
  setClass(digest: string, to: ArtifactClass): Promise<boolean>;
  sizes(): Promise<readonly ArtifactSize[]>;
  /** The longest unused first, after `after`. */
  listOldest(
    kept: ArtifactClass,
    after: ArtifactRecord | undefined,
    limit: number,
  ): Promise<readonly AgedArtifact[]>;
  /** False: it was used meanwhile, or something holds it now. */
  remove(artifact: ArtifactRecord): Promise<boolean>;
  /** Removes what somebody who died has left behind before this time; answers how many. */
  removeLeftOvers(before: number): Promise<number>;
}

export interface ArtifactFacts {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly bytes: number;
  readonly type: 'text' | 'list' | 'map' | 'bytes';
  readonly elements?: number;
  /** Of bytes. */
  readonly contentType?: string;
}

export interface NewArtifact extends ArtifactFacts {
  readonly type: 'text' | 'list' | 'map';
  readonly text: string;
  /** Other artifacts that stand in it. */
  readonly parts: readonly string[];
}

export interface NewFile {
  readonly digest: string;
  readonly bytes: number;
  readonly contentType: string;
  readonly path: string;
}

export interface ArtifactUse {
  readonly run: string;
  readonly class: ArtifactClass;
  readonly at: number;
}

export interface ArtifactRecord extends ArtifactFacts {
  readonly class: ArtifactClass;
  /** The run that named it first. */
  readonly run: string;
  readonly createdAt: number;
  /** When a run named it last. */
  readonly usedAt: number;
}

export interface AgedArtifact extends ArtifactRecord {
  /** A run, or another artifact, names it. */
  readonly used: boolean;
  /** One of those runs is not over, is pinned, or is covered by a hold. */
  readonly exempt: boolean;
}

export interface ArtifactFilter {
  readonly run?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface ArtifactSize {
  readonly class: ArtifactClass;
  readonly artifacts: number;
  readonly bytes: number;
}
