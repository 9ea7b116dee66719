import { formatPath, type Path } from './path.ts';
import { positionsOf } from './positions.ts';
import { type PlacedStep, walkSteps } from './walk-steps.ts';
import type { Position, Problem, Step, Workflow } from './workflow.ts';

/** Everything in a workflow that the language has and the engine cannot do yet. Nothing of such a workflow is run. */
export function unbuiltProblems(workflow: Workflow): Problem[] {
  const find = positionsOf(workflow);
  return walkSteps(workflow).flatMap(problemsOf);

  function problemsOf({ step, path }: PlacedStep): Problem[] {
    return unbuiltKeys(step).map((key) => {
      const at = [...path, ...key.split('.')];
      return unbuilt(`\`${key}\` of the step "${step.id}" is not built yet`, at, find(at) ?? step.position);
    });
  }
}

function unbuiltKeys(step: Step): string[] {
  const present: readonly (readonly [boolean, string])[] = [
    [step.kind === 'unbuilt', step.kind === 'unbuilt' ? step.key : ''],
    [step.cache !== undefined && step.kind !== 'action', 'cache'],
  ];
  return present.filter(([there]) => there).map(([, key]) => key);
}

function unbuilt(message: string, path: Path, position: Position | undefined): Problem {
  return {
    severity: 'error',
    code: 'not_built_yet',
    message,
    path: formatPath(path),
    ...(position !== undefined && { position }),
    suggestion: 'leave it out for now',
  };
}
