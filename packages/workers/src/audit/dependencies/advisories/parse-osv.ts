import { list, present, table, text } from '../../loose.ts';
import type { Severity } from '../../severity.ts';
import { ECOSYSTEMS } from '../ecosystem.ts';
import { pythonName } from '../python-version.ts';
import type { Advisory, Affected, VersionEvent } from './advisory.ts';
import { cvssScore, severityOfScore } from './cvss.ts';

export type ParsedOsv =
  | { readonly kind: 'advisory'; readonly advisory: Advisory; readonly modified: string }
  /** Withdrawn, or about ecosystems without lock files here. */
  | { readonly kind: 'other' }
  | { readonly kind: 'invalid'; readonly problem: string };

const NAMED_SEVERITIES: Readonly<Record<string, Severity>> = {
  LOW: 'low',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  HIGH: 'high',
  CRITICAL: 'critical',
};

/** Reads a record of the Open Source Vulnerability schema, version 1. */
export function parseOsv(record: unknown): ParsedOsv {
  const osv = table(record);
  const id = text(osv['id']);
  const modified = text(osv['modified']);
  if (id === undefined || modified === undefined || !Array.isArray(osv['affected'])) {
    return { kind: 'invalid', problem: 'it is no OSV record: id, modified or affected is missing' };
  }
  const affected = osv['affected'].flatMap((one) => affectedOf(table(one)));
  if (osv['withdrawn'] !== undefined || affected.length === 0) return { kind: 'other' };
  const advisory: Advisory = present({
    id,
    aliases: list(osv['aliases']).filter((alias) => typeof alias === 'string'),
    summary: text(osv['summary']) ?? firstLine(text(osv['details'])) ?? id,
    severity: severityOf(osv),
    affected,
  });
  return { kind: 'advisory', advisory, modified };
}

function affectedOf(entry: Readonly<Record<string, unknown>>): Affected[] {
  const { ecosystem: named, name } = table(entry['package']);
  const ecosystem = ECOSYSTEMS.find((one) => one === named);
  if (ecosystem === undefined || typeof name !== 'string') return [];
  const ranges = list(entry['ranges'])
    .map(table)
    // Ranges of commits say nothing about versions.
    .filter(({ type }) => type !== 'GIT')
    .map(({ events }) => list(events).flatMap((event) => eventOf(table(event))));
  return [
    {
      ecosystem,
      name: ecosystem === 'PyPI' ? pythonName(name) : name,
      ranges,
      // Where there are ranges the list only repeats them, with thousands of entries.
      versions: ranges.length > 0 ? [] : list(entry['versions']).filter((one) => typeof one === 'string'),
    },
  ];
}

function eventOf(event: Readonly<Record<string, unknown>>): VersionEvent[] {
  const { introduced, fixed, last_affected: lastAffected } = event;
  if (typeof introduced === 'string') return [{ introduced }];
  if (typeof fixed === 'string') return [{ fixed }];
  return typeof lastAffected === 'string' ? [{ lastAffected }] : [];
}

/** As the database names it, else by the score; notices such as `unmaintained` are for information. */
function severityOf(osv: Readonly<Record<string, unknown>>): Severity | undefined {
  const affected = list(osv['affected']).map(table);
  const specific = [osv, ...affected].map((part) => table(part['database_specific']));
  if (specific.some(({ informational }) => text(informational) !== undefined)) return 'info';
  const named = specific
    .map(({ severity }) => NAMED_SEVERITIES[(text(severity) ?? '').toUpperCase()])
    .find(Boolean);
  const scores = [osv, ...affected]
    .flatMap((part) => list(part['severity']))
    .map((one) => cvssScore(text(table(one)['score']) ?? ''))
    .filter((score) => score !== undefined);
  return named ?? (scores.length === 0 ? undefined : severityOfScore(Math.max(...scores)));
}

function firstLine(details: string | undefined): string | undefined {
  return details?.trim().split('\n')[0]?.slice(0, 200);
}
