/** What the retention of the audit record removed, or would remove. */
export interface TrimmedAudit {
  /** Before. */
  readonly records: number;
  readonly removed: { readonly records: number; readonly bytes: number };
  /** 0: they are kept for ever. */
  readonly keepMs: number;
  /** The file that holds what went. */
  readonly archive?: string;
  readonly stopped?: TrimStop;
}

/** Why less went than is old enough. */
export interface TrimStop {
  /** `held`: a run, a pin or a hold keeps it, as it should. Anything else is for a person to look at. */
  readonly why: 'held' | 'broken' | 'unproved' | 'archive' | 'witness';
  readonly message: string;
}
