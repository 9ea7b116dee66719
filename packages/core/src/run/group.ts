import type { JsonObject } from '@cadre/sdk';
import { CadreError } from '../errors.ts';
import { evaluate } from '../expression/evaluate.ts';
import type { Workflow } from '../workflow/workflow.ts';

/**
 * The group that a run of a workflow with these inputs stands in; undefined where it has none. Throws CadreError
 * `invalid_expression`.
 */
export function groupOf(
  { concurrency }: Workflow,
  run: {
    readonly id: string;
    readonly at: number;
    readonly inputs: JsonObject;
    readonly trigger: JsonObject;
    readonly workspace: JsonObject;
  },
): string | undefined {
  if (concurrency === undefined) return undefined;
  const { id, at, inputs, trigger, workspace } = run;
  const group = evaluate(concurrency.group, {
    inputs,
    steps: {},
    run: { id, startedAt: at, trigger },
    workspace,
    variables: {},
  });
  if (typeof group === 'string' && group !== '') return group;
  throw new CadreError('invalid_expression', `the group ${concurrency.group} is ${JSON.stringify(group)}`, {
    hint: 'a group is a text, for example "deploy:${{ inputs.target }}"',
  });
}
