import { ActionError } from '@cadre/sdk';
import { list, present, table, text } from '../loose.ts';
import { FINDING_KINDS, type FindingKind } from '../rule.ts';

export const BASELINE_PATH = '.cadre/baseline.json';

/** A finding that somebody accepted, and why. */
export interface Accepted {
  readonly fingerprint: string;
  readonly tool: string;
  readonly kind: FindingKind;
  readonly rule: string;
  readonly file: string;
  readonly reason: string;
  readonly author: string;
  /** Day, `2026-01-31`. */
  readonly added: string;
  /** Last day on which it holds. */
  readonly expires?: string;
}

const VERSION = 1;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Throws ActionError `invalid_baseline`: a baseline that cannot be read must neither accept nor hide anything. */
export function parseBaseline(content: string, path: string): readonly Accepted[] {
  const document = table(parsed(content, path));
  if (document['version'] !== VERSION || !Array.isArray(document['accepted'])) {
    throw invalid(path, `it is not of version ${VERSION}`);
  }
  return list(document['accepted']).map((entry, index) =>
    acceptedOf(table(entry), `${path}, entry ${index + 1}`),
  );
}

/** One entry a line group, sorted, so that two branches that add entries rarely collide. */
export function formatBaseline(accepted: readonly Accepted[]): string {
  const sorted = accepted.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  return `${JSON.stringify({ version: VERSION, accepted: sorted }, undefined, 2)}\n`;
}

export function isExpired(entry: Accepted, today: string): boolean {
  return entry.expires !== undefined && entry.expires < today;
}

/** Throws ActionError `invalid_baseline` for anything but a day of the calendar. */
export function checkDay(day: string, where: string): string {
  const parsedDay = new Date(`${day}T00:00:00Z`);
  const isDay =
    DAY.test(day) && !Number.isNaN(parsedDay.getTime()) && parsedDay.toISOString().startsWith(day);
  if (isDay) return day;
  throw invalid(where, `${day} is not a day`, 'write days as 2026-01-31');
}

function acceptedOf(entry: Readonly<Record<string, unknown>>, where: string): Accepted {
  const required = (key: string) => {
    const value = text(entry[key]);
    if (value === undefined) throw invalid(where, `${key} is missing`);
    return value;
  };
  const expires = text(entry['expires']);
  return present({
    fingerprint: required('fingerprint'),
    tool: required('tool'),
    kind: kindOf(required('kind'), where),
    rule: required('rule'),
    file: required('file'),
    reason: required('reason'),
    author: required('author'),
    added: checkDay(required('added'), where),
    expires: expires === undefined ? undefined : checkDay(expires, where),
  });
}

function kindOf(named: string, where: string): FindingKind {
  const kind = FINDING_KINDS.find((one) => one === named);
  if (kind === undefined) throw invalid(where, `${named} is no kind of finding`);
  return kind;
}

function parsed(content: string, path: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw invalid(path, `it is not JSON: ${(error as Error).message}`);
  }
}

function invalid(
  where: string,
  why: string,
  hint = 'mend it, or take it out and accept findings anew with baseline-update',
) {
  return new ActionError('invalid_baseline', `cannot use the baseline ${where}: ${why}`, { hint });
}

function sortKey({ file, rule, fingerprint }: Accepted): string {
  return [file, rule, fingerprint].join('\0');
}
