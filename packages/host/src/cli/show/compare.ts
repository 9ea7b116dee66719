import { plainText } from '@cadre/core/history';
import { duration } from '@cadre/kit/format';
import type { Output } from '../output.ts';
import { commitText } from './commit-text.ts';
import { findingKey, findingsOf, type RunDetails, type StepFinding } from './run-details.ts';
import { printTable } from './table.ts';

const MOST_LINES = 20;

/** What differs from `before` to `after`: of the whole, of each step, in findings and in changed files. */
export function compareRuns(before: RunDetails, after: RunDetails) {
  const steps = [...new Set([...before.rows, ...after.rows].map(({ step }) => step))].map((step) => ({
    step,
    before: stepOf(before, step),
    after: stepOf(after, step),
  }));
  const [old, now] = [findingsOf(before), findingsOf(after)];
  return {
    before: summaryOf(before),
    after: summaryOf(after),
    steps,
    findings: {
      added: without(now, old),
      gone: without(old, now),
      kept: now.length - without(now, old).length,
    },
    changes: {
      onlyBefore: difference(pathsOf(before), pathsOf(after)),
      onlyAfter: difference(pathsOf(after), pathsOf(before)),
      both: [...pathsOf(after)].filter((path) => pathsOf(before).has(path)).sort(),
    },
  };
}

export type Comparison = ReturnType<typeof compareRuns>;

function summaryOf({ id, record, state }: RunDetails) {
  const { startedAt, endedAt } = state;
  return {
    run: id,
    status: state.status,
    profile: record.profile ?? null,
    commit: record.commit ?? null,
    changes: record.changes,
    durationMs: startedAt === undefined || endedAt === undefined ? null : endedAt - startedAt,
    failure: state.failure?.code ?? null,
  };
}

function stepOf({ rows }: RunDetails, step: string) {
  const row = rows.find((one) => one.step === step);
  return row === undefined
    ? null
    : { name: row.name, status: row.status, durationMs: row.durationMs ?? null };
}

/** Each counts once for each time it was found. */
function without(all: readonly StepFinding[], known: readonly StepFinding[]): StepFinding[] {
  const left = new Map<string, number>();
  for (const finding of known) left.set(findingKey(finding), (left.get(findingKey(finding)) ?? 0) + 1);
  return all.filter((finding) => {
    const count = left.get(findingKey(finding)) ?? 0;
    left.set(findingKey(finding), count - 1);
    return count <= 0;
  });
}

function pathsOf({ effects }: RunDetails): ReadonlySet<string> {
  const all = effects.flatMap((step) => step.effects);
  return new Set(all.flatMap((effect) => (effect.kind === 'file' ? [effect.path] : [])));
}

function difference(all: ReadonlySet<string>, known: ReadonlySet<string>): string[] {
  return [...all].filter((path) => !known.has(path)).sort();
}

export function printComparison(
  { before, after, steps, findings, changes }: Comparison,
  runs: readonly [RunDetails, RunDetails],
  output: Output,
): void {
  const time = (ms: number | null | undefined) => (ms === null || ms === undefined ? '' : duration(ms));
  const [first, second] = runs;
  printTable(
    ['', 'before', 'after'],
    [
      ['run', before.run, after.run],
      ['status', before.status, after.status],
      ['profile', before.profile ?? '', after.profile ?? ''],
      ['commit', commitText(first.record), commitText(second.record)],
      ['took', time(before.durationMs), time(after.durationMs)],
      ['changes', String(before.changes), String(after.changes)],
    ],
    output,
  );
  output.line();
  printTable(
    ['step', 'before', 'after', 'took before', 'took after', 'change?'],
    steps.map((one) => [
      one.after?.name ?? one.before?.name ?? one.step,
      one.before?.status ?? 'not there',
      one.after?.status ?? 'not there',
      time(one.before?.durationMs),
      time(one.after?.durationMs),
      changeText(one.before?.durationMs, one.after?.durationMs),
    ]),
    output,
  );
  output.line(
    `\nFindings: ${findings.added.length} new, ${findings.gone.length} gone, ${findings.kept} in both`,
  );
  printSome(
    findings.added.map((finding) => `+ ${findingText(finding)}`),
    output,
  );
  printSome(
    findings.gone.map((finding) => `- ${findingText(finding)}`),
    output,
  );
  output.line(
    `\nChanged files: ${changes.onlyAfter.length} only after, ${changes.onlyBefore.length} only before, ${changes.both.length} in both`,
  );
  printSome(
    changes.onlyAfter.map((path) => `+ ${plainText(path)}`),
    output,
  );
  printSome(
    changes.onlyBefore.map((path) => `- ${plainText(path)}`),
    output,
  );
}

function changeText(before: number | null | undefined, after: number | null | undefined): string {
  if (before === null || before === undefined || after === null || after === undefined || before === 0)
    return '';
  const percent = Math.round((after / before - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
}

function findingText({ severity, file, line, message, tool, rule }: StepFinding): string {
  const where = line === undefined ? file : `${file}:${line}`;
  return `${severity} ${plainText(where)} ${plainText(message)} [${tool}/${rule}]`;
}

function printSome(lines: readonly string[], output: Output): void {
  const most = output.verbose ? lines.length : MOST_LINES;
  for (const line of lines.slice(0, most)) output.line(`  ${line}`);
  if (lines.length > most) output.line(`  … ${lines.length - most} more (--verbose shows them)`);
}
