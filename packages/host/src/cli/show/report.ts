import { plainText, type RunState, referencesIn, type StepStatus } from '@cadre/core/history';
import { bytes, displayWidth, duration, truncate } from '@cadre/kit/format';
import type { Failure, Finding, JsonValue, StepReport } from '@cadre/sdk';
import type { Colours, Output } from '../output.ts';
import { printFailure } from './failure.ts';
import { printHooks } from './hook-results.ts';

export interface ReportRow {
  readonly step: string;
  readonly name: string;
  /** How many containers it stands in. */
  readonly depth?: number;
  readonly kind?: string;
  readonly status: StepStatus;
  readonly durationMs?: number;
  readonly reason?: string;
  readonly cachedFrom?: string;
  readonly failure?: Failure;
  readonly output?: JsonValue;
}

export const MARKS: Readonly<Record<StepStatus, { mark: string; colour: keyof Colours }>> = {
  pending: { mark: '·', colour: 'dim' },
  ready: { mark: '·', colour: 'dim' },
  running: { mark: '▸', colour: 'cyan' },
  retrying: { mark: '↻', colour: 'yellow' },
  waiting: { mark: '?', colour: 'yellow' },
  succeeded: { mark: '✓', colour: 'green' },
  failed: { mark: '✗', colour: 'red' },
  timed_out: { mark: '✗', colour: 'red' },
  skipped: { mark: '-', colour: 'dim' },
  cancelled: { mark: '×', colour: 'yellow' },
};

const REASONS: Readonly<Record<string, string>> = {
  if: 'its condition did not hold',
  after_failure: 'an earlier step failed',
  held: 'held, because a check has failed',
  nothing_to_do: 'nothing to do',
  tool_missing: 'its tool is not installed (cadre doctor)',
  not_a_repository: 'this is no git repository',
  protected_branch: 'the branch is protected',
  detached_head: 'the head is detached',
  unborn_branch: 'the branch has no commit yet',
  unfinished_work: 'a merge or rebase is not finished',
  unmerged_paths: 'there are conflicts',
};

const MAX_FINDINGS = 10;

export function paint(text: string, colour: keyof Colours, colours: Colours): string {
  return (colours[colour] as (text: string) => string)(text);
}

/** One line a step, then findings, then failures with what to do. `repeat` is the command that does a step again. */
export function printReport(
  rows: readonly ReportRow[],
  output: Output,
  repeat: (step: string) => string | undefined = () => undefined,
): void {
  const labelled = withLabels(rows);
  const shown = output.verbose ? labelled : labelled.filter((row) => !wasNotWanted(row));
  const width = Math.max(...shown.map((row) => row.name.length), 4);
  for (const row of shown) output.line(reportLine(row, width, output));
  for (const row of rows) printHooks(reportOf(row), output);
  for (const row of rows) printFindings(row, output);
  for (const { step, name, status, failure } of rows) {
    if (failure !== undefined && status !== 'skipped') printFailure(name, failure, output, repeat(step));
  }
}

/** Below its container, and of which element or going-through it is. */
function withLabels(rows: readonly ReportRow[]): readonly ReportRow[] {
  const many = new Set(rows.flatMap(({ step, kind = '' }) => (MANY.has(kind) ? [step] : [])));
  return rows.map((row) => {
    const [, container = '', index = ''] = /^(.*)\/(\d+)\/[^/]+$/.exec(row.step) ?? [];
    const which = many.has(container) ? ` [${index}]` : '';
    return { ...row, name: `${'  '.repeat(row.depth ?? 0)}${row.name}${which}` };
  });
}

const MANY: ReadonlySet<string> = new Set(['forEach', 'repeat']);

/** Every step was skipped, and none of them because it could not or may not. */
export function didNothing(rows: readonly ReportRow[]): boolean {
  const idle = ['if', 'nothing_to_do', 'no branch holds'];
  return rows.every(({ status, reason = '' }) => status === 'skipped' && idle.includes(reason));
}

/** A step whose condition did not hold is news only to who asks for everything. */
function wasNotWanted(row: ReportRow): boolean {
  return row.status === 'skipped' && row.reason === 'if';
}

export function reportLine(row: ReportRow, width: number, output: Output): string {
  const { mark, colour } = MARKS[row.status];
  const time = row.durationMs === undefined ? '' : duration(row.durationMs);
  const head = `${row.name.padEnd(width)}  ${time.padStart(7)}`;
  const told = plainText(outcomeOf(row));
  const room =
    output.columns === undefined ? undefined : Math.max(20, output.columns - displayWidth(head) - 4);
  const text = room === undefined ? told : truncate(told, room);
  return `${paint(mark, colour, output.colours)} ${head}  ${output.colours.dim(text)}`.trimEnd();
}

function outcomeOf(row: ReportRow): string {
  if (row.failure !== undefined) return row.failure.message.split('\n')[0] ?? row.failure.code;
  if (row.reason !== undefined)
    return row.status === 'skipped' ? `skipped: ${skipText(row.reason)}` : row.reason;
  const summary = [reportOf(row)?.summary ?? '', largeText(row.output)]
    .filter((part) => part !== '')
    .join(' · ');
  if (row.cachedFrom === undefined) return summary;
  return ['cached', summary].filter((part) => part !== '').join(': ');
}

const MOST_REFERENCES = 2;
const SHORT = 'sha256:'.length + 12;

/** What the step gave that is too large for the journal. */
function largeText(output: JsonValue | undefined): string {
  const found = referencesIn(output);
  const named = found
    .slice(0, MOST_REFERENCES)
    .map(
      ({ digest, type, contentType, bytes: size }) =>
        `${contentType ?? type} of ${bytes(size)} (${digest.slice(0, SHORT)})`,
    );
  const more = found.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function skipText(reason: string): string {
  const text = REASONS[reason];
  return text === undefined ? reason : `${text} [${reason}]`;
}

/** The report that a step answered, or that its failure carries. */
export function reportOf(row: ReportRow): StepReport | undefined {
  const value = row.output ?? row.failure?.details;
  if (isReport(value)) return value;
  const inner = isObject(value) ? value['report'] : undefined;
  return isReport(inner) ? inner : undefined;
}

function isReport(value: unknown): value is StepReport {
  return isObject(value) && Array.isArray(value['findings']);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function printFindings(row: ReportRow, output: Output): void {
  const report = reportOf(row);
  if (report === undefined) return;
  const findings = report.findings.filter((finding) => output.verbose || finding.severity !== 'info');
  const shown = output.verbose ? findings : findings.slice(0, MAX_FINDINGS);
  if (shown.length + (report.skipped ?? []).length === 0) return;
  output.line();
  output.line(output.colours.bold(row.name));
  for (const finding of shown) output.line(`  ${findingLine(finding, output.colours)}`);
  if (findings.length > shown.length) {
    output.line(output.colours.dim(`  … ${findings.length - shown.length} more (cadre show --verbose)`));
  }
  for (const { tool, message, hint } of report.skipped ?? []) {
    output.line(`  ${output.colours.yellow('skipped')} ${tool}: ${plainText(message)}`);
    if (hint !== undefined) output.line(output.colours.dim(`          ${plainText(hint)}`));
  }
}

const SEVERITY_COLOUR: Readonly<Record<Finding['severity'], keyof Colours>> = {
  info: 'dim',
  low: 'dim',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
};

function findingLine(finding: Finding, colours: Colours): string {
  const { severity, file, line, message, rule, tool, fix } = finding;
  const where = line === undefined ? file : `${file}:${line}`;
  const head = `${paint(severity.padEnd(8), SEVERITY_COLOUR[severity], colours)} ${plainText(where)} ${plainText(message)}`;
  const fixed = fix === undefined ? '' : colours.dim(` – ${plainText(fix)}`);
  return `${head} ${colours.dim(`[${tool}/${rule}]`)}${fixed}`;
}

/** What does a step of a run again, with the results of those before it. A step inside of another is done with it. */
export function rerunOf(run: string): (step: string) => string {
  return (step) => `cadre rerun ${run} --from ${topStep(step)}`;
}

export function topStep(path: string): string {
  return path.split(/[/[]/)[0] ?? path;
}

/** The state as one sentence: `failed after 12 s: the tests failed`. */
export function sentenceOf(state: RunState, id: string): string {
  const took =
    state.startedAt === undefined || state.endedAt === undefined
      ? ''
      : ` after ${duration(state.endedAt - state.startedAt)}`;
  const why = state.failure === undefined ? '' : `: ${plainText(state.failure.message.split('\n')[0] ?? '')}`;
  return `${id} ${state.status.replace('_', ' ')}${took}${why}`;
}
