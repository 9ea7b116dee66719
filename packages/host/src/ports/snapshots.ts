/**
 * Keeps what a run may change before it changes it, knows afterwards what it changed, and puts it back.
 * Methods throw CadreError `store_unavailable`, `store_corrupt` or `disk_full`.
 */
export interface Snapshots {
  /**
   * Call it before anything that may change files of the workspace. When it resolves, every file is kept as it is now,
   * and stays kept when this process, or the machine, stops in the next moment.
   */
  open(attempt: SnapshotAttempt): Promise<OpenSnapshot>;
  /** What a run changed, and how each of it stands now. Of a run that changed nothing, or is no longer kept: no changes. */
  changes(run: string): Promise<RunChanges>;
  /**
   * Puts back what a run changed, each file by one rename, and only where it still is as the run left it. What this
   * replaces is kept too, under `as`, so that putting back can itself be taken back with `putBack(as, …)`.
   */
  putBack(run: string, as: string, only?: ReadonlySet<string>): Promise<PutBack>;
  close(): Promise<void>;
}

export interface SnapshotAttempt {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
}

export interface OpenSnapshot {
  /** Files that are not kept, because they cannot be read or are too large. */
  readonly unkept: number;
  /**
   * Call it when what might change files has ended: what differs from now on was somebody else. Answers what changed
   * meanwhile; nothing when other steps were performed at the same time, since nobody can say whose it was.
   */
  close(): Promise<readonly SeenChange[]>;
}

/** Of a file or a link. */
export interface SeenChange {
  readonly path: string;
  readonly change: 'created' | 'modified' | 'deleted';
}

export interface RunChanges {
  /** Whether anything of the run is kept: it changed something, and newer runs have not taken its place. */
  readonly kept: boolean;
  /** A step of it is being performed by a process that lives. */
  readonly active: boolean;
  /** Files and links; sorted by path. */
  readonly changes: readonly FileChange[];
  readonly commits: readonly CommitMove[];
}

export interface FileChange {
  /** Relative to the workspace, with `/`. */
  readonly path: string;
  readonly change: 'created' | 'modified' | 'deleted';
  /** The steps during which it changed. */
  readonly steps: readonly string[];
  readonly kind: 'file' | 'link' | 'folder';
  /**
   * `restorable` · `as_before`: it is already as it was · `changed_meanwhile`: somebody else changed it, too ·
   * `not_kept`: what was there could not be read, or was too large.
   */
  readonly standing: 'restorable' | 'as_before' | 'changed_meanwhile' | 'not_kept';
}

/** The branch moved while steps of the run were performed. */
export interface CommitMove {
  /** Absent when there was no commit before. */
  readonly from?: string;
  readonly to: string;
  /** Absent on a detached head. */
  readonly branch?: string;
}

export interface PutBack {
  readonly restored: readonly string[];
  readonly removed: readonly string[];
  /** With the reason: `changed_meanwhile`, `not_kept`, or what the system said. */
  readonly left: readonly { readonly path: string; readonly reason: string; readonly message: string }[];
}
