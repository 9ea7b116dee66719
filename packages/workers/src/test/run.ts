import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plural } from '@cadre/kit/format';
import {
  type ActionContext,
  ActionError,
  defineAction,
  type Finding,
  type JsonObject,
  type Skipped,
  type StepReport,
  skip,
} from '@cadre/sdk';
import { failedTests } from './failed-tests.ts';
import { findProjects } from './find-projects.ts';
import type { RunInput } from './input.ts';
import { buildJunit } from './junit.ts';
import { type LastRun, readLastRun, writeLastRun } from './last-run.ts';
import { collectAll } from './list.ts';
import { endOf, missingRunner, type Performed, performTests, placeOf } from './perform.ts';
import { rerunFailed } from './rerun-failed.ts';
import type { TestCase } from './runner.ts';
import { isNarrowed, keyOf, type Selected, selectTests } from './select.ts';
import { coverageOf, sentenceOf, summarise, type TestSummary } from './summarise.ts';

export interface RunReport extends StepReport {
  readonly tests: TestSummary;
}

const DEFAULT_TEST_TIMEOUT_MS = 15_000;
const KEPT_REPORTS = 10;

/**
 * Runs the tests of every runner that the repository uses. Throws ActionError `tests_failed`, `coverage_below_floor`,
 * `no_report`, or, when tests are required and there are none, `unverified`.
 */
export const run = defineAction<RunInput, RunReport>(async (input, context) => {
  const found = await findProjects(context, input);
  const before = await readLastRun(context);
  const selected = await selectTests(context, found, input.select ?? {}, before.failed);
  const isWhole =
    selected.length === found.length && !selected.some(({ selection }) => isNarrowed(selection));
  for (const note of notesOf(selected)) context.log('info', note);
  if (found.length > 0 && selected.length === 0) {
    throw skip('nothing_to_do', 'no test runner has tests for the files that were named');
  }
  const missing = selected.filter((one) => one.found.program === undefined);
  const absent = await Promise.all(missing.map((one) => missingRunner(context, one.found)));
  checkInstalled(input, selected, absent);
  const ready = selected.filter((one) => !missing.includes(one));
  if (context.mode === 'preview') return plan(context, ready, absent);
  const performed: Performed[] = [];
  for (const [index, { found: one, selection }] of ready.entries()) {
    context.progress({ label: one.runner.name, done: index, total: ready.length, unit: 'runners' });
    const wanted = {
      selection,
      coverage: isWhole && (input.coverage ?? 0) > 0,
      testTimeoutMs: input.testTimeoutMs ?? DEFAULT_TEST_TIMEOUT_MS,
    };
    const first = await performTests(context, one, wanted);
    performed.push(input.rerunFailed ? await rerunFailed(context, first, wanted) : first);
  }
  // Of some tests alone neither the coverage nor their number says anything about the repository.
  const judged = isWhole ? input : { ...input, coverage: 0, required: false };
  const report = await reportOf(context, judged, before, performed, { absent, isWhole });
  judge(judged, performed, report);
  if (!isWhole && report.tests.total === 0) throw skip('nothing_to_do', 'no test is affected');
  const notes = notesOf(selected);
  return notes.length === 0 ? report : { ...report, summary: `${report.summary}; ${notes.join('; ')}` };
});

/** Why all tests are run although only affected ones were asked for. */
function notesOf(selected: readonly Selected[]): string[] {
  return selected.flatMap(({ found, selection }) =>
    selection.all === undefined ? [] : [`all tests of ${found.runner.name}: ${selection.all}`],
  );
}

/** With nothing to run it with, the step is skipped; when tests are required that is a failure. */
function checkInstalled(input: RunInput, selected: readonly Selected[], absent: readonly Skipped[]): void {
  const [first] = absent;
  if (first === undefined) return;
  if (input.required) {
    throw new ActionError('unverified', `tests are required and cannot all be run: ${first.message}`, {
      ...(first.hint === undefined ? {} : { hint: first.hint }),
    });
  }
  if (absent.length === selected.length) throw skip('tool_missing', first.message, first.hint);
}

async function plan(
  context: ActionContext,
  selected: readonly Selected[],
  absent: readonly Skipped[],
): Promise<RunReport> {
  const { tests, skipped } = await collectAll(context, selected);
  for (const { found } of selected) {
    const own = tests.filter(({ runner }) => runner === found.runner.name).length;
    const purpose = `runs ${own} tests in ${placeOf(found)}`;
    context.effect({ kind: 'command', command: found.runner.program, purpose });
  }
  const runners = selected.map(({ found }) => found.runner.name);
  return {
    summary: [
      runners.length === 0
        ? 'no tests were found'
        : `${plural(tests.length, 'test')} would be run (${[...new Set(runners)].join(', ')})`,
      ...notesOf(selected),
    ].join('; '),
    changes: [],
    findings: [],
    metrics: { tests: tests.length },
    artifacts: [],
    skipped: [...absent, ...skipped],
    tests: { ...summarise([], 0, [...new Set(runners)], undefined), total: tests.length },
  };
}

async function reportOf(
  context: ActionContext,
  input: RunInput,
  before: LastRun,
  performed: readonly Performed[],
  { absent, isWhole }: { readonly absent: readonly Skipped[]; readonly isWhole: boolean },
): Promise<RunReport> {
  const floor = input.coverage ?? 0;
  const measured = performed.flatMap(({ coverage }) => coverage ?? []);
  const coverage = floor > 0 ? coverageOf(measured, floor, before.coverage) : undefined;
  const cases = performed.flatMap((one) => [...(one.cases ?? []), ...one.faults]);
  const durationMs = performed.reduce((sum, { completed }) => sum + completed.durationMs, 0);
  const runners = [...new Set(performed.map(({ found }) => found.runner.name))];
  const tests = summarise(cases, durationMs, runners, coverage);
  const percent = coverage?.lines ?? before.coverage;
  const failed = failedTests(performed, before.failed, isWhole);
  await writeLastRun(context, percent === undefined ? { failed } : { failed, coverage: percent });
  const junit = performed.length === 0 ? [] : [await writeJunit(context, performed)];
  return {
    summary: sentenceOf(tests),
    changes: [],
    findings: [
      ...performed.flatMap(({ flaky = [] }) => flaky.map(flakyTest)),
      ...(floor > 0 && coverage === undefined && cases.length > 0 ? [coverageUnknown(floor)] : []),
    ],
    metrics: {
      passed: tests.passed,
      failed: tests.failed,
      skipped: tests.skipped,
      total: tests.total,
      durationMs,
      ...(coverage === undefined ? {} : { coverage: coverage.lines }),
    },
    artifacts: [...junit, ...performed.flatMap(({ artifacts }) => artifacts)],
    skipped: [...absent, ...performed.flatMap(({ skipped }) => skipped)],
    timings: performed.map(({ found, completed, cases = [] }) => ({
      tool: found.runner.name,
      files: 'tests',
      count: cases.length,
      durationMs: Math.round(completed.durationMs),
    })),
    tests,
  };
}

function flakyTest({ name, file = '.', line, message = '' }: TestCase): Finding {
  return {
    tool: 'test',
    rule: 'flaky',
    severity: 'medium',
    confidence: 'high',
    file,
    ...(line === undefined ? {} : { line }),
    message: `${name} failed and then passed: ${message.trim().split('\n', 1)[0]}`,
    fix: 'find out what it depends on besides the code',
  };
}

function coverageUnknown(floor: number): Finding {
  return {
    tool: 'test',
    rule: 'coverage-unknown',
    severity: 'low',
    confidence: 'high',
    file: '.',
    message: `the floor of ${floor} % could not be checked, because no runner measured coverage`,
    fix: 'install the coverage package of the runner, or set the floor to 0',
  };
}

async function writeJunit(
  { dataDir, run: id, step }: ActionContext,
  performed: readonly Performed[],
): Promise<string> {
  const folder = join(dataDir, 'junit');
  await mkdir(folder, { recursive: true });
  const name = `${new Date().toISOString().replaceAll(':', '')}-${id}-${step}.xml`.replace(/[^\w.-]/g, '_');
  const suites = performed.map(({ found, cases = [], faults }) => ({
    name: keyOf(found),
    cases: [...cases, ...faults],
  }));
  await writeFile(join(folder, name), buildJunit(suites));
  const old = (await readdir(folder)).toSorted().slice(0, -KEPT_REPORTS);
  for (const one of old) await rm(join(folder, one), { force: true });
  return join(folder, name);
}

function judge(input: RunInput, performed: readonly Performed[], report: RunReport): void {
  const silent = performed.find(({ cases }) => cases === undefined);
  if (silent !== undefined) throw noReport(silent, report);
  if (report.tests.status === 'failed') throw testsFailed(performed, report);
  const { coverage, status } = report.tests;
  if (coverage !== undefined && coverage.lines < coverage.floor) throw belowFloor(coverage, report);
  if (status === 'unverified' && input.required) {
    throw new ActionError('unverified', `tests are required: ${report.summary}`, {
      hint: 'add a test, or run without `required`',
      details: detailsOf(report),
    });
  }
}

function noReport({ found, completed, command }: Performed, report: RunReport): ActionError {
  return new ActionError(
    'no_report',
    `${found.runner.name} ended with exit code ${completed.code} and without a report of its tests`,
    {
      hint: `repeat it in ${placeOf(found)} with: ${command}`,
      details: { ...detailsOf(report), command, exitCode: completed.code, lastLines: endOf(completed) },
    },
  );
}

function testsFailed(performed: readonly Performed[], report: RunReport): ActionError {
  const [first] = performed.filter(
    ({ cases = [], faults }) => faults.length > 0 || cases.some(({ status }) => status === 'failed'),
  );
  const [failure] = report.tests.failures;
  const place =
    failure?.file === undefined ? '' : ` (${failure.file}${failure.line ? `:${failure.line}` : ''})`;
  return new ActionError('tests_failed', `${report.summary}; the first to fail is ${failure?.name}${place}`, {
    ...(first === undefined ? {} : { hint: `repeat it in ${placeOf(first.found)} with: ${first.command}` }),
    details: detailsOf(report),
  });
}

function belowFloor({ lines, floor }: { lines: number; floor: number }, report: RunReport): ActionError {
  return new ActionError(
    'coverage_below_floor',
    `${lines} % of the lines are covered, below the floor of ${floor} %`,
    {
      hint: 'test what is not covered, or lower the floor',
      details: { ...detailsOf(report), lines, floor },
    },
  );
}

/** The whole report goes with the failure: whoever shows the step has it either way. */
function detailsOf(report: RunReport): JsonObject {
  return JSON.parse(JSON.stringify(report)) as JsonObject;
}
