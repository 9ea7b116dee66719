import type { Finding } from '@cadre/sdk';

export type Severity = Finding['severity'];

/** From harmless to worst. */
export const SEVERITIES = [
  'info',
  'low',
  'medium',
  'high',
  'critical',
] as const satisfies readonly Severity[];

export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}

/** The milder of the two. */
export function atMost(severity: Severity, limit: Severity): Severity {
  return isAtLeast(severity, limit) ? limit : severity;
}
