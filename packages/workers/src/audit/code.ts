import { ActionError, defineAction, type Skipped } from '@cadre/sdk';
import { applyBaseline } from './baseline/apply-baseline.ts';
import { readBaseline, today } from './baseline/read-baseline.ts';
import { type AuditReport, buildReport, count, judge, plain } from './report/audit-report.ts';
import { writeSarif } from './report/write-sarif.ts';
import { type ScanInput, scanCode } from './scan-code.ts';
import type { Severity } from './severity.ts';
import type { ToolFailure } from './tools/run-tools.ts';

export interface CodeInput extends ScanInput {
  /** Findings from this severity on fail the step. Default `high`. */
  readonly threshold?: Severity;
  /** Path of the file with accepted findings. Default `.cadre/baseline.json`, which need not exist. */
  readonly baseline?: string;
  /** `true`: a SARIF log as an artifact; a text: at that path of the workspace. */
  readonly sarif?: boolean | string;
}

/**
 * Scans code, secrets and configuration. Throws `findings_above_threshold` with the report in its details, and
 * `tool_failed` when a scanner crashed and nothing worse was found.
 */
export const code = defineAction<CodeInput, AuditReport>(async (input, context) => {
  const baseline = await readBaseline(context, input.baseline);
  const scan = await scanCode(context, input);
  const judged = applyBaseline(scan.findings, baseline, today(), scan.covers);
  const written = await writeSarif(context, 'code', input.sarif, judged);
  const report = buildReport({
    subject: count(scan.metrics.files, 'file'),
    threshold: input.threshold ?? 'high',
    judged,
    metrics: scan.metrics,
    skipped: [...scan.skipped, ...scan.failed.map(crashed)],
    timings: scan.timings,
    ...written,
  });
  judge(report);
  throwFailed(scan.failed, report);
  return report;
});

function crashed({ tool, failure: { message, hint } }: ToolFailure): Skipped {
  return { tool, reason: 'tool_failed', message, ...(hint === undefined ? {} : { hint }) };
}

/** A scanner that crashed is no clean result. */
function throwFailed(failed: readonly ToolFailure[], report: AuditReport): void {
  const [first] = failed;
  if (first === undefined) return;
  const { code: failureCode, message, details = null, ...extras } = first.failure;
  throw new ActionError(failureCode, message, {
    ...extras,
    details: { tool: details, report: plain(report) },
  });
}
