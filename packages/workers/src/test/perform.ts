import { mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { isInside } from '@cadre/kit/files';
import { type ActionContext, ActionError, type Completed, type Skipped } from '@cadre/sdk';
import { commandLine } from '../code/command-line.ts';
import { installCommand } from '../code/install-command.ts';
import { lastLines } from '../tree/last-lines.ts';
import type { Found } from './find-projects.ts';
import type { Coverage, Job, ListedTest, Selection, TestCase } from './runner.ts';

export interface Wanted {
  readonly selection: Selection;
  readonly coverage: boolean;
  readonly testTimeoutMs: number | undefined;
  /** A second run of some tests, whose reports must not take the place of those of the first. */
  readonly isAgain?: boolean;
}

/** What one runner did; `cases` have paths relative to the workspace. */
export interface Performed {
  readonly found: Found;
  readonly command: string;
  readonly completed: Completed;
  /** Undefined: it ended without a report. */
  readonly cases: readonly TestCase[] | undefined;
  /** Those that failed first and then passed. */
  readonly flaky?: readonly TestCase[];
  /** What went wrong outside of the tests. */
  readonly faults: readonly TestCase[];
  readonly coverage: Coverage | undefined;
  readonly artifacts: readonly string[];
  readonly skipped: readonly Skipped[];
}

export const NOTHING_SELECTED: Selection = { files: [], pattern: undefined, changed: [], failed: [] };

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const COLLECT_LIMIT_MS = 60_000;
const ASKING_LIMIT_MS = 20_000;
/** Which tools write into which terminal does not matter here; reports are read, and people read the log. */
const PLAIN = { NO_COLOR: '1' };

export async function performTests(context: ActionContext, found: Found, wanted: Wanted): Promise<Performed> {
  const job = await openJob(context, found, wanted);
  const call = await found.runner.run(job);
  const [program, ...prefix] = installed(found);
  const arguments_ = [...prefix, ...call.arguments];
  const completed = await context.exec(program, arguments_, {
    cwd: job.root,
    env: { ...PLAIN, ...call.env },
    maxOutputBytes: MAX_OUTPUT_BYTES,
    onOutput: (_, text) => context.log('debug', text.trimEnd(), { runner: found.runner.name }),
  });
  const report = await readReport(() => found.runner.read(job, completed));
  return {
    found,
    command: repeatedBy(found, call.arguments),
    completed,
    cases: report?.cases.map((one) => placed(job, one)),
    faults: report === undefined ? [] : silentFailure(found, completed, report.cases),
    coverage: report?.coverage,
    artifacts: report?.artifacts ?? [],
    skipped: call.skipped ?? [],
  };
}

/** The tests that there are, without running them. Undefined when the runner could not tell within 60 s. */
export async function collectTests(
  context: ActionContext,
  found: Found,
  selection: Selection,
): Promise<readonly ListedTest[] | undefined> {
  const job = await openJob(context, found, { selection, coverage: false, testTimeoutMs: undefined });
  const call = await found.runner.collect?.(job);
  const [program, ...prefix] = installed(found);
  const completed =
    call &&
    (await context.exec(program, [...prefix, ...call.arguments], {
      cwd: job.root,
      env: { ...PLAIN, ...call.env },
      maxOutputBytes: MAX_OUTPUT_BYTES,
      timeoutMs: COLLECT_LIMIT_MS,
    }));
  if (completed?.timedOut) return undefined;
  const listed = await readReport(() => found.runner.readCollected(job, completed));
  return listed?.map(({ name, file }) => ({
    name,
    ...(file === undefined ? {} : { file: workspacePath(job, file) }),
  }));
}

/** What says that a runner is not there, and how to get it. */
export async function missingRunner(context: ActionContext, found: Found): Promise<Skipped> {
  const { runner, project, reason } = found;
  const hint = await installCommand(context, project.folder, runner.install);
  return {
    tool: runner.name,
    reason: 'tool_missing',
    message: `${runner.program} is not installed; ${placeOf(found)} uses it (${reason})`,
    ...(hint === undefined ? {} : { hint }),
  };
}

export function placeOf({ project }: Found): string {
  return project.folder.path || 'the repository';
}

/** The command that repeats it, without where the reports go. */
function repeatedBy({ runner }: Found, arguments_: readonly string[]): string {
  const isReport =
    /^-?-(reporter|outputFile|json|junitxml|test-reporter|coverage\.report|coverageDirectory|cov-report|coverprofile)/;
  const shown = arguments_.filter((argument) => !isReport.test(argument));
  return commandLine([runner.program, ...shown]);
}

/** What people would see last. */
export function endOf({ stdout, stderr }: Completed): string[] {
  return lastLines(`${stdout}\n${stderr}`);
}

function installed(found: Found): readonly [string, ...string[]] {
  if (found.program !== undefined) return found.program;
  throw new ActionError('program_missing', `${found.runner.program} is not installed`);
}

async function openJob(context: ActionContext, found: Found, wanted: Wanted): Promise<Job> {
  const { project, runner } = found;
  const [program, ...prefix] = installed(found);
  const root = join(project.workspace, project.folder.path);
  const name = [runner.name, ...project.folder.path.split('/'), wanted.isAgain ? 'again' : ''];
  const reports = join(context.dataDir, 'reports', name.filter((part) => part !== '').join('+'));
  // A report of an earlier run must never be taken for that of this one.
  await rm(reports, { recursive: true, force: true });
  await mkdir(reports, { recursive: true });
  return {
    context,
    project,
    root,
    reports,
    ...wanted,
    ask: (...arguments_) =>
      context.exec(program, [...prefix, ...arguments_], {
        cwd: root,
        env: PLAIN,
        timeoutMs: ASKING_LIMIT_MS,
      }),
  };
}

/** A report that was cut off in the middle is none. */
async function readReport<Report>(read: () => Promise<Report | undefined>): Promise<Report | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function placed(job: Job, one: TestCase): TestCase {
  return one.file === undefined ? one : { ...one, file: workspacePath(job, one.file) };
}

/** As it was given when it lies outside. */
function workspacePath({ project, root }: Job, file: string): string {
  const path = resolve(root, file);
  return isInside(project.workspace, path) ? relative(project.workspace, path).split(sep).join('/') : file;
}

/** A runner that ends badly without a failed test has found something else wrong: that is a failure too. */
function silentFailure(found: Found, completed: Completed, cases: readonly TestCase[]): TestCase[] {
  const isSilent =
    completed.code !== 0 && cases.length > 0 && !cases.some(({ status }) => status === 'failed');
  if (!isSilent) return [];
  return [
    {
      name: `${found.runner.name} (exit code ${completed.code})`,
      status: 'failed',
      durationMs: 0,
      message: endOf(completed).join('\n'),
    },
  ];
}
