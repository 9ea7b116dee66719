import type { Envelope, JsonObject } from '@cadre/sdk';
import { isCadreError } from '../errors.ts';
import { evaluate } from '../expression/evaluate.ts';
import { references } from '../expression/references.ts';

/**
 * A condition on envelopes, such as `event.data.failure.code == "timed_out"`. Throws `invalid_expression` for what cannot be
 * compiled. Where it reads what an event does not have, and where it gives something else than true, it does not hold.
 */
export function compileFilter(text: string): (event: Envelope) => boolean {
  const template = `\${{ ${text} }}`;
  references(template);
  return (event) => {
    try {
      return evaluate(template, scopeOf(event)) === true;
    } catch (error) {
      if (isCadreError(error) && error.code === 'invalid_expression') return false;
      throw error;
    }
  };
}

function scopeOf(event: Envelope) {
  const seen = event as unknown as JsonObject;
  return {
    inputs: {},
    steps: {},
    run: { id: event.run ?? '', startedAt: 0, trigger: {} },
    workspace: {},
    event: seen,
    variables: {},
  };
}
