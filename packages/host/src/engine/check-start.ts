import { CadreError, checkInputs, type Problem, unbuiltProblems, type Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';

/** The inputs with their defaults. Throws `not_built_yet` and `invalid_input`. */
export function checkStart(workflow: Workflow, inputs: JsonObject): JsonObject {
  const unbuilt = unbuiltProblems(workflow);
  if (unbuilt.length > 0) throw refusal('not_built_yet', `${workflow.name} cannot be run yet`, unbuilt);
  const checked = checkInputs(workflow, inputs);
  if (!checked.ok)
    throw refusal('invalid_input', `the inputs of ${workflow.name} do not fit`, checked.problems);
  return checked.inputs;
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
