/** Whether the person lets the settings of a repository widen what may be done there. */
export interface TrustedWorkspaces {
  list(): Promise<readonly TrustDecision[]>;
  /** What was decided of exactly these settings. */
  find(root: string, digest: string): Promise<TrustDecision | undefined>;
  /** Takes the place of an earlier decision about the same workspace. */
  put(decision: TrustDecision): Promise<void>;
  /** True when there was one. */
  remove(root: string): Promise<boolean>;
}

export interface TrustDecision {
  /** Folder of the workspace, links resolved. */
  readonly root: string;
  /** Of the settings that widen: others are decided anew. */
  readonly digest: string;
  /** `without`: they do not count, and the work goes on. */
  readonly decision: 'trusted' | 'without';
  readonly by: string;
  readonly at: number;
}

export interface TrustQuestion {
  readonly root: string;
  readonly file: string;
  readonly digest: string;
  /** What the settings would bring about, one sentence each, with every character told. */
  readonly says: readonly string[];
}
