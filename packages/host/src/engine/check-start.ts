import { checkInputs, type Problem, unbuiltProblems } from '@cadre/core/advance';
import { CadreError, type Workflow } from '@cadre/core/history';
import type { JsonObject } from '@cadre/sdk';

/** A workflow is started many times, and walking through it takes longer than all the rest of a start. */
const BUILT = new WeakSet<Workflow>();

/** The inputs with their defaults. Throws `not_built_yet` and `invalid_input`. */
export function checkStart(workflow: Workflow, inputs: JsonObject): JsonObject {
  if (!BUILT.has(workflow)) checkBuilt(workflow);
  const checked = checkInputs(workflow, inputs);
  if (!checked.ok)
    throw refusal('invalid_input', `the inputs of ${workflow.name} do not fit`, checked.problems);
  return checked.inputs;
}

function checkBuilt(workflow: Workflow): void {
  const unbuilt = unbuiltProblems(workflow);
  if (unbuilt.length > 0) throw refusal('not_built_yet', `${workflow.name} cannot be run yet`, unbuilt);
  BUILT.add(workflow);
}

function refusal(
  code: 'not_built_yet' | 'invalid_input',
  message: string,
  problems: readonly Problem[],
): CadreError {
  const [first] = problems;
  return new CadreError(code, `${message}: ${problems.map((problem) => problem.message).join('; ')}`, {
    ...(first?.suggestion === undefined ? {} : { hint: first.suggestion }),
    details: { problems },
  });
}
