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
  /** `held`: a run, a pin or a hold keeps it, as it should · `busy`: another process does it. Anything else is for a person to look at. */
  readonly why: 'held' | 'busy' | 'broken' | 'unproved' | 'archive' | 'witness';
  readonly message: string;
}

/** Whether somebody has to do something about it. */
export function isFault(stop: TrimStop | undefined): stop is TrimStop {
  return stop !== undefined && stop.why !== 'held' && stop.why !== 'busy';
}
