import { ActionError, type JsonValue, type Skipped, type StepReport, type Timing } from '@cadre/sdk';
import type { Judged } from '../baseline/apply-baseline.ts';
import type { Accepted } from '../baseline/baseline.ts';
import type { AuditFinding } from '../scan/audit-finding.ts';
import { isAtLeast, SEVERITIES, type Severity } from '../severity.ts';

/** A step report with what the baseline says of its findings. */
export interface AuditReport extends StepReport {
  readonly findings: readonly AuditFinding[];
  readonly threshold: Severity;
  /** Findings that the baseline accepts. */
  readonly accepted: number;
  /** Baseline entries that no longer hold; their findings are among the others. */
  readonly expired: readonly Accepted[];
  /** Baseline entries whose flaw is gone; `baseline-update` takes them out. */
  readonly stale: readonly Accepted[];
}

/** The worst first, then by file and line. */
function byWorst(a: AuditFinding, b: AuditFinding): number {
  const rank = SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
  if (rank !== 0) return rank;
  return a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1;
}

/** A report goes to the host as one line of at most 32 MiB; nobody reads more findings than this one by one. */
const MOST_FINDINGS = 1_000;

export interface ReportParts {
  /** What was looked at: `120 files`. */
  readonly subject: string;
  readonly threshold: Severity;
  readonly judged: Judged;
  readonly metrics: Readonly<Record<string, number>>;
  readonly skipped: readonly Skipped[];
  readonly changes: StepReport['changes'];
  readonly artifacts: StepReport['artifacts'];
  readonly timings?: readonly Timing[];
}

export function buildReport(parts: ReportParts): AuditReport {
  const { findings, accepted, expired, stale } = parts.judged;
  const sorted = findings.toSorted(byWorst);
  const counts = SEVERITIES.map((severity) => [
    severity,
    findings.filter((one) => one.severity === severity).length,
  ]);
  return {
    summary: [
      `${parts.subject}: ${tally(findings)}`,
      ...(accepted.length === 0 ? [] : [`${accepted.length} accepted`]),
    ].join(', '),
    changes: parts.changes,
    findings: sorted.slice(0, MOST_FINDINGS),
    metrics: {
      ...parts.metrics,
      findings: findings.length,
      accepted: accepted.length,
      ...Object.fromEntries(counts),
    },
    artifacts: parts.artifacts,
    skipped: [...parts.skipped, ...skippedFindings(sorted.length - MOST_FINDINGS)],
    ...(parts.timings === undefined ? {} : { timings: parts.timings }),
    threshold: parts.threshold,
    accepted: accepted.length,
    expired,
    stale,
  };
}

function skippedFindings(number: number): readonly Skipped[] {
  if (number <= 0) return [];
  const message = `${count(number, 'milder finding')} left out of this report; the SARIF log has all`;
  return [
    { tool: 'cadre', reason: 'too_many', message, hint: 'ask for `sarif`, or exclude generated folders' },
  ];
}

/** The report, or ActionError `findings_above_threshold` with the report in its details. */
export function judge(report: AuditReport): AuditReport {
  const held = report.findings.filter(({ severity }) => isAtLeast(severity, report.threshold));
  if (held.length === 0) return report;
  const shown = held
    .slice(0, 3)
    .map(({ file, line, message }) => `${line === undefined ? file : `${file}:${line}`} ${message}`);
  const more = held.length > shown.length ? ` and ${held.length - shown.length} more` : '';
  throw new ActionError(
    'findings_above_threshold',
    `${count(held.length, 'finding')} of severity ${report.threshold} or worse: ${shown.join('; ')}${more}`,
    {
      hint: 'mend them, accept a single line with `cadre-ignore: RULE reason`, or all of them with audit/baseline-update',
      details: { report: plain(report) },
    },
  );
}

/** A report as the host gets it. */
export function plain(report: AuditReport): JsonValue {
  return JSON.parse(JSON.stringify(report)) as JsonValue;
}

/** How many findings there are of each severity: `2 high, 1 low`. */
function tally(findings: readonly AuditFinding[]): string {
  const counts = SEVERITIES.toReversed()
    .map(
      (severity) => [findings.filter((finding) => finding.severity === severity).length, severity] as const,
    )
    .filter(([number]) => number > 0);
  return counts.length === 0 ? 'no findings' : counts.map((pair) => pair.join(' ')).join(', ');
}

export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** More names than this help nobody; the metrics have the number. */
const NAMED = 20;

/** One entry for all files that were passed over for the same reason. */
export function skippedFiles(
  tool: string,
  reason: string,
  paths: readonly string[],
  words: string,
): readonly Skipped[] {
  if (paths.length === 0) return [];
  const named = paths.slice(0, NAMED).join(', ');
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return [{ tool, reason, message: `${count(paths.length, 'file')} ${words}: ${named}${more}` }];
}
