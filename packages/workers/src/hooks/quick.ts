import { basename } from 'node:path';
import { type ActionContext, ActionError, type JsonObject, SKIPPED, type StepReport } from '@cadre/sdk';
import { format } from '../code/format.ts';
import { lint } from '../code/lint.ts';
import { run as runTests } from '../test/run.ts';
import type { Hook, ProgramEnd } from './hook.ts';
import type { PlanRequest } from './plan-request.ts';
import type { Scratch } from './snapshot/scratch.ts';

/** What the profile `quick` of the hygiene workflow comes to in a hook. */
export interface QuickInput {
  /** Steps of the workflow, in this order. Default format, lint, test. */
  readonly steps?: readonly string[];
  /** Globs of files to leave alone. */
  readonly exclude?: readonly string[];
}

export const QUICK_STEPS = ['format', 'lint', 'test'];
export const QUICK_SOURCE = 'profile quick';
const STAGE = 'pre-commit';

type Perform = (paths: readonly string[], input: QuickInput, context: ActionContext) => Promise<StepReport>;

/** The steps that make sense on a copy of the index; the others belong to a whole run. */
const STEPS: Readonly<Record<string, Perform>> = {
  format: (paths, { exclude = [] }, context) => format({ paths, exclude }, context),
  lint: (paths, { exclude = [] }, context) => lint({ paths, exclude }, context),
  test: (paths, _, context) => runTests({ select: { changed: paths } }, context),
};

/** The profile as hooks: on the staged files, each fix staged, without failing for it. */
export function quickHooks(
  { context, paths, stage, skip }: Omit<PlanRequest, 'quick'>,
  input: QuickInput,
): readonly Hook[] {
  if (stage !== STAGE) return [];
  return (input.steps ?? QUICK_STEPS).map((step): Hook => {
    const hook = {
      id: step,
      name: step,
      source: QUICK_SOURCE,
      paths,
      chains: [QUICK_SOURCE],
      stops: [],
      stagesChanges: true,
      failsOnChange: false,
      verbose: false,
    };
    const perform = Object.hasOwn(STEPS, step) ? STEPS[step] : undefined;
    if (perform === undefined)
      return { ...hook, skipped: { reason: 'unsupported', message: 'it is done in whole runs only' } };
    if (skip.has(step)) return { ...hook, skipped: { reason: 'skipped', message: 'asked to skip it' } };
    if (paths.length === 0) return { ...hook, skipped: { reason: 'no_files', message: 'no files to check' } };
    const run = (scratch: Scratch) => performed(() => perform(paths, input, within(context, scratch)));
    return { ...hook, work: { kind: 'program', run } };
  });
}

/** The tree is a copy, so changes are made there also in a plan; git sees the copy of the index that belongs to it. */
function within(context: ActionContext, { root, env }: Scratch): ActionContext {
  return {
    ...context,
    workspace: root,
    mode: 'apply',
    effect: () => undefined,
    exec: (program, args, options = {}) =>
      // Only git itself: a test that makes a repository of its own must not get this one.
      basename(program) === 'git'
        ? context.exec(program, args, { cwd: root, ...options, env: { ...env, ...options.env } })
        : context.exec(program, args, { cwd: root, ...options }),
  };
}

async function performed(work: () => Promise<StepReport>): Promise<ProgramEnd> {
  try {
    return { code: 0, output: textOf(await work()) };
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    const { code, message, details, hint } = error.failure;
    if (code === SKIPPED) return { code: 0, output: `${message}\n` };
    const report = isReport(details) ? textOf(details) : '';
    return { code: 1, output: [message, report, ...(hint === undefined ? [] : [hint])].join('\n') };
  }
}

function textOf({ summary, findings }: Pick<StepReport, 'summary' | 'findings'>): string {
  const lines = findings.map(({ file, line, message, rule }) => `${file}:${line ?? 1} ${message} [${rule}]`);
  return [summary, ...lines, ''].join('\n');
}

function isReport(details: unknown): details is StepReport & JsonObject {
  return typeof details === 'object' && details !== null && 'findings' in details && 'summary' in details;
}
