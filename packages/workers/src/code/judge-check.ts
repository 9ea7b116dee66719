import { type ActionContext, ActionError } from '@cadre/sdk';
import type { CodeInput } from './input.ts';
import type { CodeReport } from './work.ts';

/** What a linter calls an error. */
const GRAVE: ReadonlySet<string> = new Set(['medium', 'high', 'critical']);

/**
 * With `check` the answer is whether everything is as it should be: the report when it is, else `check_failed` with the
 * report. A plan only shows.
 */
export function judgeCheck(report: CodeReport, { check }: CodeInput, { mode }: ActionContext): CodeReport {
  const grave = report.findings.filter(({ severity }) => GRAVE.has(severity));
  if (check !== true || mode === 'preview' || report.wouldChange.length + grave.length === 0) return report;
  const [first] = report.wouldChange;
  const [finding] = grave;
  const example = first ?? `${finding?.file}: ${finding?.message}`;
  throw new ActionError('check_failed', `${report.summary}; the first is ${example}`, {
    hint: 'run it without `check`, and mend what is left',
    details: JSON.parse(JSON.stringify(report)),
  });
}
