/** Stored answers: what a principal allowed a worker. */
export interface GrantStore {
  put(grant: Grant): Promise<void>;
  /** Those in force at `now`. */
  list(now: number): Promise<readonly Grant[]>;
  /** True when it existed. Takes effect on the next call. */
  revoke(id: string): Promise<boolean>;
}

export interface Grant {
  readonly id: string;
  readonly principal: string;
  readonly worker: string;
  /** Version range of the worker. */
  readonly versions: string;
  /** Of the manifest and, where its sources lie in the workspace, of its code. */
  readonly manifestHash: string;
  /** `type:scope`. */
  readonly permission: string;
  readonly decision: 'allow' | 'deny';
  /** This run alone; absent: the workspace. */
  readonly run?: string;
  /** Every workspace of the principal, on this machine. */
  readonly everywhere?: true;
  readonly grantedBy: string;
  readonly grantedAt: number;
  readonly expiresAt?: number;
}
