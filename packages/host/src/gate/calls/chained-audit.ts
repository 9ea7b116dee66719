import type { AuditLog } from '../audit-log.ts';
import type { Subject } from '../subject.ts';
import { callersOf } from './chain.ts';

/** Whatever is recorded of a call that an action made names the whole chain above it. */
export function chainedAudit(audit: AuditLog, subject: Subject): AuditLog {
  const { calledBy = [] } = callersOf(subject);
  return {
    // What a call further inside says of itself is longer, and stays.
    record: (entry) => audit.record({ ...entry, details: { calledBy: [...calledBy], ...entry.details } }),
  };
}
