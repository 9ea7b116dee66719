import { reportOf } from '../show/report.ts';
import type { RunDetails } from '../show/run-details.ts';
import { escapeMarkup } from './escape-markup.ts';

const FAILED: ReadonlySet<string> = new Set(['failed', 'timed_out']);
const SUCCEEDED = 'succeeded';

/** The run as a suite and each step as a case, in the JUnit XML that CI systems read. What never ran is skipped. */
export function junitReport({ id, state, rows }: RunDetails): string {
  const seconds = (ms: number | undefined) => ((ms ?? 0) / 1_000).toFixed(3);
  const took =
    state.startedAt === undefined || state.endedAt === undefined ? 0 : state.endedAt - state.startedAt;
  const failures = rows.filter(({ status }) => FAILED.has(status)).length;
  const skipped = rows.filter(({ status }) => !FAILED.has(status) && status !== SUCCEEDED).length;
  const counts = `tests="${rows.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds(took)}"`;
  const suite = escapeMarkup(state.workflow);
  const stamp = new Date(state.createdAt).toISOString();
  const cases = rows.map((row) => {
    const head = `classname="${suite}" name="${escapeMarkup(row.step)}" time="${seconds(row.durationMs)}"`;
    return `    <testcase ${head}>${bodyOf(row)}</testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${suite}" ${counts}>`,
    `  <testsuite name="${suite}" id="${escapeMarkup(id)}" timestamp="${stamp}" ${counts}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function bodyOf(row: RunDetails['rows'][number]): string {
  const report = reportOf(row);
  const findings = (report?.findings ?? []).map(
    ({ severity, file, line, message, tool, rule }) =>
      `${severity} ${file}${line === undefined ? '' : `:${line}`} ${message} [${tool}/${rule}]`,
  );
  const said = [...(report?.summary === undefined ? [] : [report.summary]), ...findings].join('\n');
  const out = said === '' ? '' : `<system-out>${escapeMarkup(said)}</system-out>`;
  if (FAILED.has(row.status)) {
    const { code = row.status, message = '', hint } = row.failure ?? {};
    const text = hint === undefined ? message : `${message}\ntry: ${hint}`;
    return `<failure type="${escapeMarkup(code)}" message="${escapeMarkup(message.split('\n')[0] ?? '')}">${escapeMarkup(text)}</failure>${out}`;
  }
  if (row.status === SUCCEEDED) return out;
  return `<skipped message="${escapeMarkup(row.reason ?? row.status)}"/>${out}`;
}
