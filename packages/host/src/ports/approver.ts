/** Asks the person at hand. Where there is nobody, the adapter answers `undefined` at once. */
export interface Approver {
  /** May this be done? The text is made by Cadre from real values, with invisible characters shown as codes. */
  askPermission(question: PermissionQuestion): Promise<PermissionAnswer | undefined>;
}

export interface PermissionQuestion {
  readonly worker: string;
  readonly action: string;
  readonly permission: string;
  /** One plain sentence: `git wants to run the program git`. */
  readonly sentence: string;
  readonly run: string;
  readonly step: string;
}

export type PermissionAnswer = 'once' | 'run' | 'workspace' | 'deny';
