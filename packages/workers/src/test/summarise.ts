import type { Coverage, TestCase } from './runner.ts';

/** The one result of all runners. */
export interface TestSummary {
  readonly status: 'passed' | 'failed' | 'unverified';
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
  readonly durationMs: number;
  readonly slowest: readonly { readonly name: string; readonly file?: string; readonly ms: number }[];
  readonly failures: readonly TestFailure[];
  readonly coverage?: CoverageSummary;
  readonly runners: readonly string[];
}

export interface TestFailure {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly message: string;
}

/** Percent, with two decimals. */
export interface CoverageSummary {
  readonly lines: number;
  readonly floor: number;
  /** Against the run before. */
  readonly change?: number;
}

const SLOWEST = 10;
/** More failures than anybody reads at once; the report file has them all. */
const MOST_FAILURES = 200;
const MESSAGE_CHARACTERS = 4000;

export function summarise(
  cases: readonly TestCase[],
  durationMs: number,
  runners: readonly string[],
  coverage: CoverageSummary | undefined,
): TestSummary {
  const count = (status: TestCase['status']) => cases.filter((one) => one.status === status).length;
  const failed = count('failed');
  const ran = failed + count('passed');
  return {
    status: failed > 0 ? 'failed' : ran > 0 ? 'passed' : 'unverified',
    passed: count('passed'),
    failed,
    skipped: count('skipped'),
    total: cases.length,
    durationMs,
    slowest: cases
      .filter((one) => one.durationMs > 0)
      .toSorted((a, b) => b.durationMs - a.durationMs)
      .slice(0, SLOWEST)
      .map(({ name, file, durationMs: ms }) => ({ name, ...(file === undefined ? {} : { file }), ms })),
    failures: cases
      .filter(({ status }) => status === 'failed')
      .slice(0, MOST_FAILURES)
      .map(failureOf),
    ...(coverage === undefined ? {} : { coverage }),
    runners,
  };
}

/** Of all runners together; undefined when none measured anything. */
export function coverageOf(
  measured: readonly Coverage[],
  floor: number,
  before: number | undefined,
): CoverageSummary | undefined {
  const total = measured.reduce((sum, one) => sum + one.total, 0);
  if (total === 0) return undefined;
  const covered = measured.reduce((sum, one) => sum + one.covered, 0);
  const lines = rounded((100 * covered) / total);
  return { lines, floor, ...(before === undefined ? {} : { change: rounded(lines - before) }) };
}

/** `120 passed, 1 failed, 2 skipped (vitest, pytest)` */
export function sentenceOf({ passed, failed, skipped, coverage, runners, total }: TestSummary): string {
  const by = runners.length === 0 ? '' : ` (${runners.join(', ')})`;
  if (total === 0) return `no tests were found${by}`;
  const parts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(coverage ? [`${coverage.lines} % of the lines covered`] : []),
  ];
  return parts.join(', ') + by;
}

function failureOf({ name, file, line, message = '' }: TestCase): TestFailure {
  return {
    name,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    message: message.slice(0, MESSAGE_CHARACTERS),
  };
}

function rounded(percent: number): number {
  return Math.round(percent * 100) / 100;
}
