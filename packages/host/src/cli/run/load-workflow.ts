import { extname } from 'node:path';
import {
  CadreError,
  checkWorkflow,
  type Problem,
  parseWorkflow,
  unbuiltProblems,
  type Workflow,
} from '@cadre/core';
import type { App } from '../../app.ts';
import { findWorkflow, readWorkflowText, type WorkflowFile } from '../../resources/workflow-files.ts';

export interface LoadedWorkflow {
  readonly file: WorkflowFile;
  /** Absent when the text is no workflow at all. */
  readonly workflow?: Workflow;
  readonly problems: readonly Problem[];
}

/** Finds, reads, parses and checks a workflow against the workers that are installed. */
export async function loadWorkflow(named: string, app: App, cwd: string): Promise<LoadedWorkflow> {
  const file = await findWorkflow(named, app.folders, cwd);
  const written = ['.ts', '.js', '.mjs'].includes(extname(file.path));
  const text = written ? await app.evaluateWorkflow(file.path) : await readWorkflowText(file);
  const parsed = parseWorkflow(text, { file: file.path });
  if (!parsed.ok) return { file, problems: parsed.problems };
  const problems = [...parsed.problems, ...checkProblems(parsed.workflow, app)];
  return { file, workflow: parsed.workflow, problems };
}

export function checkProblems(workflow: Workflow, app: App): readonly Problem[] {
  return [...checkWorkflow(workflow, catalogOf(app)), ...unbuiltProblems(workflow)];
}

function catalogOf(app: App) {
  return {
    find: (uses: string) => {
      try {
        return app.workers.resolve(uses).action;
      } catch (error) {
        if (error instanceof CadreError && error.code === 'not_found') return undefined;
        throw error;
      }
    },
    names: () =>
      app.workers
        .list()
        .flatMap(({ manifest }) => manifest.actions.map((action) => `${manifest.id}/${action.name}`)),
  };
}
