import type { JsonObject } from '@cadre/sdk';
import { CadreError } from '../errors.ts';
import { evaluate } from '../expression/evaluate.ts';
import type { Trigger } from './trigger.ts';

/**
 * The inputs with which a trigger runs its workflow after something happened; undefined when its `if` does not hold.
 * Throws `invalid_expression` and `expression_too_costly`.
 */
export function inputsOfEvent(
  trigger: Pick<Trigger, 'if' | 'with'>,
  event: JsonObject,
): JsonObject | undefined {
  const scope = {
    inputs: {},
    steps: {},
    run: { id: '', startedAt: 0, trigger: event },
    workspace: {},
    event,
    variables: {},
  };
  if (trigger.if !== undefined) {
    const holds =
      trigger.if === 'true' || trigger.if === 'false' ? trigger.if === 'true' : evaluate(trigger.if, scope);
    if (typeof holds !== 'boolean') {
      throw new CadreError('invalid_expression', '`if` of the trigger gives neither true nor false', {
        hint: `it gives ${JSON.stringify(holds).slice(0, 60)}`,
      });
    }
    if (!holds) return undefined;
  }
  return evaluate(trigger.with, scope) as JsonObject;
}
