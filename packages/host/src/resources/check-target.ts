import { didYouMean, isCadreError, type Problem, type Trigger, type Workflow } from '@cadre/core';

/** What is wrong between a trigger and the workflow that it runs: there is none, or its inputs are others. */
export async function checkTarget(
  trigger: Trigger,
  findWorkflow: (name: string) => Promise<Workflow>,
): Promise<readonly Problem[]> {
  try {
    return inputProblems(trigger, await findWorkflow(trigger.run));
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return [problem(error.code, error.message, 'spec.run', error.hint)];
  }
}

function inputProblems({ with: given, run }: Trigger, { inputs }: Workflow): readonly Problem[] {
  const known = Object.keys(inputs);
  const unknown = Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) =>
      problem(
        'unknown_input',
        `the workflow ${run} has no input \`${name}\``,
        `spec.with.${name}`,
        didYouMean(name, known) ?? (known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`),
      ),
    );
  const missing = known
    .filter((name) => !('default' in (inputs[name] as object)) && !(name in given))
    .map((name) => problem('missing_input', `the workflow ${run} needs the input \`${name}\``, 'spec.with'));
  return [...unknown, ...missing];
}

function problem(code: string, message: string, path: string, suggestion?: string): Problem {
  return { severity: 'error', code, message, path, ...(suggestion === undefined ? {} : { suggestion }) };
}
