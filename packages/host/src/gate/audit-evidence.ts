import { basename, join } from 'node:path';
import { auditHeadFile } from './audit-head.ts';

/** What is kept beside the records, by which a chain that is sound in itself is found to be another one. */
export interface AuditEvidence {
  /** Id of the workspace: several may share one anchor. */
  readonly workspace: string;
  /** Number and hash of the newest record. */
  readonly headFile: string;
  /** Signed heads of earlier moments, one a line. */
  readonly checkpointFile: string;
  /** The key of this installation, by which they are signed. */
  readonly keyFile: string;
  /** Where the same lines are appended outside of the data folder; absent: nowhere. */
  readonly anchor?: string;
  /** Ids of keys of other installations that share the store, whose beginnings count. */
  readonly keys?: readonly string[];
}

/** What the settings say of it; `anchor` is a whole path. */
export type EvidenceSettings = Pick<AuditEvidence, 'anchor' | 'keys'>;

/** `folder`: Cadre's own for the workspace; `personal`: the data folder of this person. */
export function auditEvidence(
  folder: string,
  personal: string,
  settings: EvidenceSettings = {},
): AuditEvidence {
  return {
    workspace: basename(folder),
    headFile: auditHeadFile(folder),
    checkpointFile: join(folder, 'audit-checkpoints'),
    keyFile: join(personal, 'keys', 'audit-signing.pem'),
    ...settings,
  };
}
