import type { JsonValue } from '@cadre/sdk';
import { didYouMean } from '../nearest.ts';
import { parseWorkflow } from './parse-workflow.ts';
import type { OnError, Problem, Workflow } from './workflow.ts';

export interface Changed {
  readonly workflow: Workflow;
  /** What is wrong with what was given; the workflow is then as it was. */
  readonly problems: readonly Problem[];
}

/** The same workflow with another `onError` for some of its top-level steps, by id or alias, written as in a workflow. */
export function setOnError(workflow: Workflow, given: Readonly<Record<string, JsonValue>>): Changed {
  const problems: Problem[] = [];
  const wanted = new Map<string, OnError>();
  for (const [name, written] of Object.entries(given)) {
    const named = workflow.steps.filter(({ id }) => id === name);
    const steps =
      named.length > 0 ? named : workflow.steps.filter(({ aliases = [] }) => aliases.includes(name));
    if (steps.length === 0) problems.push(unknownStep(name, workflow));
    const read = readOnError(name, written);
    problems.push(...read.problems);
    if (read.onError !== undefined) for (const { id } of steps) wanted.set(id, read.onError);
  }
  if (problems.length > 0 || wanted.size === 0) return { workflow, problems };
  const steps = workflow.steps.map((step) => ({ ...step, onError: wanted.get(step.id) ?? step.onError }));
  return { workflow: { ...workflow, steps }, problems };
}

/** In a workflow of one step, so that it is read, checked and filled up as everywhere. */
function readOnError(name: string, written: JsonValue): { problems: readonly Problem[]; onError?: OnError } {
  const document = {
    apiVersion: 'cadre/v1',
    kind: 'Workflow',
    metadata: { name: 'one' },
    spec: { steps: [{ id: 'one', run: 'true', onError: written }] },
  };
  const parsed = parseWorkflow(JSON.stringify(document));
  const onError = parsed.ok ? parsed.workflow.steps[0]?.onError : undefined;
  const problems = parsed.problems.map(({ position: _, path, ...problem }) => ({
    ...problem,
    path: path.replace(/^spec\.steps\[0\]\.onError/, `onError.${name}`),
  }));
  return { problems, ...(onError === undefined ? {} : { onError }) };
}

function unknownStep(name: string, { steps }: Workflow): Problem {
  const names = steps.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  return {
    severity: 'error',
    code: 'unknown_step',
    message: `there is no step "${name}"`,
    path: `onError.${name}`,
    suggestion: didYouMean(name, names) ?? `the steps are ${steps.map(({ id }) => id).join(', ')}`,
  };
}
