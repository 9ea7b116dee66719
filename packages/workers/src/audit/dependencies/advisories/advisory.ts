import type { Severity } from '../../severity.ts';
import type { Ecosystem } from '../ecosystem.ts';
import { compareVersions } from '../version-order.ts';

/** A known vulnerability: what the matching needs of an OSV record. */
export interface Advisory {
  readonly id: string;
  /** Other names of the same flaw: CVE, GHSA, PYSEC. */
  readonly aliases: readonly string[];
  readonly summary: string;
  /** Absent when nobody published one. */
  readonly severity?: Severity;
  readonly affected: readonly Affected[];
}

export interface Affected {
  readonly ecosystem: Ecosystem;
  /** PyPI names in their normal form. */
  readonly name: string;
  readonly ranges: readonly (readonly VersionEvent[])[];
  /** Versions that are affected whatever the ranges say. */
  readonly versions: readonly string[];
}

export type VersionEvent =
  | { readonly introduced: string }
  | { readonly fixed: string }
  | { readonly lastAffected: string };

/** Whether a version is affected, as the OSV schema defines it. What cannot be compared is not. */
export function isAffected(affected: Affected, version: string): boolean {
  const isListed = affected.versions.some((one) => one === version || compare(affected, one, version) === 0);
  return isListed || affected.ranges.some((events) => isInRange(affected, events, version));
}

/** The least version after this one in which the flaw is mended. */
export function fixedIn(affected: Affected, version: string): string | undefined {
  return affected.ranges
    .flat()
    .flatMap((event) => ('fixed' in event ? [event.fixed] : []))
    .filter((fixed) => (compare(affected, fixed, version) ?? -1) > 0)
    .sort((a, b) => compare(affected, a, b) ?? 0)[0];
}

function isInRange(affected: Affected, events: readonly VersionEvent[], version: string): boolean {
  const sorted = events.toSorted((a, b) => compare(affected, versionOf(a), versionOf(b)) ?? 0);
  let inside = false;
  for (const event of sorted) {
    // `0` stands before every version, also before a pre-release of 0.0.0.
    const order = versionOf(event) === '0' ? 1 : compare(affected, version, versionOf(event));
    if (order === undefined) return false;
    if ('introduced' in event && order >= 0) inside = true;
    if ('fixed' in event && order >= 0) inside = false;
    if ('lastAffected' in event && order > 0) inside = false;
  }
  return inside;
}

function versionOf(event: VersionEvent): string {
  if ('introduced' in event) return event.introduced;
  return 'fixed' in event ? event.fixed : event.lastAffected;
}

function compare({ ecosystem }: Affected, a: string, b: string): number | undefined {
  return compareVersions(ecosystem, a, b);
}
