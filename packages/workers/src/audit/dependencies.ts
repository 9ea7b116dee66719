import { defineAction } from '@cadre/sdk';
import { applyBaseline } from './baseline/apply-baseline.ts';
import { readBaseline, today } from './baseline/read-baseline.ts';
import { type AuditReport, buildReport, judge } from './report/audit-report.ts';
import { writeSarif } from './report/write-sarif.ts';
import { type DependencyInput, scanDependencies } from './scan-dependencies.ts';
import type { Severity } from './severity.ts';

export interface DependenciesInput extends DependencyInput {
  /** Findings from this severity on fail the step. Default `high`. */
  readonly threshold?: Severity;
  readonly baseline?: string;
  readonly sarif?: boolean | string;
}

/** Looks up locked dependencies. Throws `findings_above_threshold` with the report, `step_skipped` without lock file. */
export const dependencies = defineAction<DependenciesInput, AuditReport>(async (input, context) => {
  const baseline = await readBaseline(context, input.baseline);
  const scan = await scanDependencies(context, input);
  const judged = applyBaseline(scan.findings, baseline, today(), scan.covers);
  const written = await writeSarif(context, 'dependencies', input.sarif, judged);
  const { subject, metrics, skipped } = scan;
  return judge(
    buildReport({ subject, threshold: input.threshold ?? 'high', judged, metrics, skipped, ...written }),
  );
});
