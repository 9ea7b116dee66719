import { type ActionContext, ActionError, defineAction, SKIPPED, type Skipped } from '@cadre/sdk';
import { applyBaseline, type Covers } from './baseline/apply-baseline.ts';
import { type Accepted, BASELINE_PATH, checkDay, formatBaseline } from './baseline/baseline.ts';
import { readBaseline, today } from './baseline/read-baseline.ts';
import { present } from './loose.ts';
import { type AuditReport, buildReport, count } from './report/audit-report.ts';
import { writeFile } from './report/write-file.ts';
import type { AuditFinding } from './scan/audit-finding.ts';
import { type ScanInput, scanCode } from './scan-code.ts';
import { type DependencyInput, scanDependencies } from './scan-dependencies.ts';
import { isAtLeast, type Severity } from './severity.ts';

export interface BaselineInput extends ScanInput, Pick<DependencyInput, 'advisories'> {
  /** Why the findings are accepted. */
  readonly reason: string;
  /** Who accepts them. */
  readonly author: string;
  /** Last day on which that holds, `2026-01-31`. Absent: until it is taken out. */
  readonly expires?: string;
  /** Findings from this severity on are accepted. Default `high`: those that fail a step. */
  readonly threshold?: Severity;
  readonly baseline?: string;
}

/**
 * Accepts the findings of now, and takes out entries whose flaw is gone. Entries that hold stay as they are; expired
 * ones are renewed with the new reason. Throws `invalid_baseline` for a day that is none or over.
 */
export const baselineUpdate = defineAction<BaselineInput, AuditReport>(async (input, context) => {
  const day = today();
  checkExpiry(input.expires, day);
  const baseline = await readBaseline(context, input.baseline);
  const { findings, covers, skipped } = await scanAll(context, input);
  const judged = applyBaseline(findings, baseline, day, covers);
  const threshold = input.threshold ?? 'high';
  const fresh = judged.findings.filter(({ severity }) => isAtLeast(severity, threshold));
  const replaced = new Set([...judged.stale, ...fresh].map(({ fingerprint }) => fingerprint));
  const kept = baseline.filter(({ fingerprint }) => !replaced.has(fingerprint));
  const accepted = fresh.map((finding) => accept(finding, input, day));
  const isNew = baseline.length === 0 && accepted.length === 0;
  const content = formatBaseline([...kept, ...accepted]);
  const change = isNew ? undefined : await writeFile(context, input.baseline ?? BASELINE_PATH, content);
  const rest = judged.findings.filter((finding) => !fresh.includes(finding));
  const report = buildReport({
    subject: `${count(accepted.length, 'finding')} accepted, ${count(judged.stale.length, 'stale entry', 'stale entries')} removed`,
    threshold,
    judged: { findings: rest, accepted: [...judged.accepted, ...fresh], expired: [], stale: judged.stale },
    metrics: { added: accepted.length, removed: judged.stale.length, kept: kept.length },
    skipped,
    changes: change === undefined ? [] : [change],
    artifacts: [],
  });
  return report;
});

function checkExpiry(expires: string | undefined, day: string): void {
  if (expires === undefined || checkDay(expires, 'expires') >= day) return;
  throw new ActionError('invalid_baseline', `cannot accept findings until ${expires}: that day is over`, {
    hint: 'name a day to come, or leave expires out',
  });
}

interface Scans {
  readonly findings: readonly AuditFinding[];
  readonly covers: Covers;
  readonly skipped: readonly Skipped[];
}

async function scanAll(context: ActionContext, input: BaselineInput): Promise<Scans> {
  const code = await scanCode(context, input);
  const locked = await scanLocked(context, input);
  const crashed = code.failed.map(({ tool, failure }) => ({
    tool,
    reason: failure.code,
    message: `${failure.message}; what it found before stays accepted`,
  }));
  return {
    findings: [...code.findings, ...locked.findings],
    covers: (entry) => code.covers(entry) || locked.covers(entry),
    skipped: [...code.skipped, ...crashed, ...locked.skipped],
  };
}

/** Without lock files there is nothing to accept, and entries of former ones are stale only if all was looked at. */
async function scanLocked(context: ActionContext, input: BaselineInput): Promise<Scans> {
  const { paths = [], kinds } = input;
  const nothing: Scans = { findings: [], covers: () => false, skipped: [] };
  if (paths.length > 0 || kinds !== undefined) return nothing;
  try {
    return await scanDependencies(context, input);
  } catch (error) {
    if (error instanceof ActionError && error.failure.code === SKIPPED) return nothing;
    throw error;
  }
}

function accept(finding: AuditFinding, input: BaselineInput, added: string): Accepted {
  const { fingerprint, tool, kind, rule, file } = finding;
  const { reason, author, expires } = input;
  return present({ fingerprint, tool, kind, rule, file, reason, author, added, expires });
}
