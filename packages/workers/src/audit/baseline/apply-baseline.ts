import type { AuditFinding } from '../scan/audit-finding.ts';
import { type Accepted, isExpired } from './baseline.ts';

export interface Judged {
  /** Findings that count. */
  readonly findings: readonly AuditFinding[];
  readonly accepted: readonly AuditFinding[];
  /** Accepted once, and over: their findings count again. */
  readonly expired: readonly Accepted[];
  /** Entries whose flaw is gone. */
  readonly stale: readonly Accepted[];
}

/** Which part of the baseline a scan can speak of: a tool that did not run, or a file not scanned, proves nothing. */
export type Covers = (entry: Accepted) => boolean;

export function applyBaseline(
  found: readonly AuditFinding[],
  baseline: readonly Accepted[],
  today: string,
  covers: Covers,
): Judged {
  const valid = new Set(
    baseline.filter((entry) => !isExpired(entry, today)).map(({ fingerprint }) => fingerprint),
  );
  const present = new Set(found.map(({ fingerprint }) => fingerprint));
  const isPresent = ({ fingerprint }: Accepted) => present.has(fingerprint);
  return {
    findings: found.filter(({ fingerprint }) => !valid.has(fingerprint)),
    accepted: found.filter(({ fingerprint }) => valid.has(fingerprint)),
    expired: baseline.filter((entry) => isExpired(entry, today) && isPresent(entry)),
    stale: baseline.filter((entry) => covers(entry) && !isPresent(entry)),
  };
}
