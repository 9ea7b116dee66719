import { extname } from 'node:path';
import {
  CadreError,
  checkWorkflow,
  type Problem,
  parseWorkflow,
  unbuiltProblems,
  type Workflow,
} from '@cadre/core';
import type { ActionRunner } from '../ports/action-runner.ts';
import {
  findWorkflow,
  readChecked,
  readWorkflowText,
  type WorkflowFile,
  type WorkflowFolders,
} from './workflow-files.ts';

export interface LoadedWorkflow {
  readonly file: WorkflowFile;
  /** Absent when the text is no workflow at all. */
  readonly workflow?: Workflow;
  readonly problems: readonly Problem[];
}

/** Where workflows are found, and what they are checked against. */
export interface WorkflowSource {
  readonly folders: WorkflowFolders;
  readonly workers: Pick<ActionRunner, 'list' | 'resolve'>;
  /** The text of a workflow that is written in TypeScript. */
  evaluateWorkflow(file: string): Promise<string>;
}

/** Finds, reads, parses and checks a workflow against the workers that are installed. */
export async function loadWorkflow(
  named: string,
  source: WorkflowSource,
  cwd: string,
): Promise<LoadedWorkflow> {
  const file = await findWorkflow(named, source.folders, cwd);
  const checked = await readChecked(file, source.folders);
  if (checked !== undefined) return { file, workflow: checked, problems: [] };
  const written = ['.ts', '.js', '.mjs'].includes(extname(file.path));
  const text = written ? await source.evaluateWorkflow(file.path) : await readWorkflowText(file);
  const parsed = parseWorkflow(text, { file: file.path });
  if (!parsed.ok) return { file, problems: parsed.problems };
  const problems = [...parsed.problems, ...checkProblems(parsed.workflow, source)];
  return { file, workflow: parsed.workflow, problems };
}

export function checkProblems(workflow: Workflow, source: WorkflowSource): readonly Problem[] {
  return [...checkWorkflow(workflow, catalogOf(source)), ...unbuiltProblems(workflow)];
}

function catalogOf({ workers }: WorkflowSource) {
  return {
    find: (uses: string) => {
      try {
        return workers.resolve(uses).action;
      } catch (error) {
        if (error instanceof CadreError && error.code === 'not_found') return undefined;
        throw error;
      }
    },
    names: () =>
      workers
        .list()
        .flatMap(({ manifest }) => manifest.actions.map((action) => `${manifest.id}/${action.name}`)),
  };
}

/** A workflow that can be run as it is. Throws `workflow_not_found`, and `invalid_workflow` with its first problem. */
export async function loadRunnable(named: string, source: WorkflowSource): Promise<Workflow> {
  const { workflow, problems, file } = await loadWorkflow(named, source, source.folders.workspace);
  const error = problems.find(({ severity }) => severity === 'error');
  if (workflow !== undefined && error === undefined) return workflow;
  throw new CadreError('invalid_workflow', `${file.path}: ${error?.message ?? 'it is no workflow'}`, {
    hint: `see all that is wrong with it: cadre check ${named}`,
  });
}
