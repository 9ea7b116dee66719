import { defineAction, type StepReport } from '@cadre/sdk';
import { installCommand } from '../code/install-command.ts';
import { type Found, findProjects } from './find-projects.ts';
import type { TestInput } from './input.ts';
import { missingRunner } from './perform.ts';

export interface DetectReport extends StepReport {
  readonly runners: readonly DetectedRunner[];
}

interface DetectedRunner {
  readonly name: string;
  /** `.` is the workspace. */
  readonly folder: string;
  readonly reason: string;
  readonly installed: boolean;
  readonly path?: string;
  readonly install?: string;
}

/** The test runners that a repository uses, and how to get those that are missing. */
export const detect = defineAction<TestInput, DetectReport>(async (input, context) => {
  const found = await findProjects(context, input);
  const missing = found.filter(({ program }) => program === undefined);
  return {
    summary: `${found.length} test runners, ${missing.length} missing`,
    changes: [],
    findings: [],
    metrics: { runners: found.length, missing: missing.length },
    artifacts: [],
    skipped: await Promise.all(missing.map((one) => missingRunner(context, one))),
    runners: await Promise.all(
      found.map(async (one) => {
        const install = await installCommand(context, one.project.folder, one.runner.install);
        return describe(one, install);
      }),
    ),
  };
});

function describe({ runner, project, reason, program }: Found, install: string | undefined): DetectedRunner {
  const about = { name: runner.name, folder: project.folder.path || '.', reason };
  if (program !== undefined) return { ...about, installed: true, path: program[0] };
  return { ...about, installed: false, ...(install === undefined ? {} : { install }) };
}
