import { createHash } from 'node:crypto';
import { inputsOfEvent, type Trigger, type Workflow } from '@cadre/core';
import type { StartRequest } from '../engine/start-run.ts';
import type { Firing } from '../ports/firing-store.ts';
import { principalOf } from './context.ts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LETTERS = 26;

/**
 * The id of a run follows from what it is a try of: whoever starts it, and however often, starts it once. This holds
 * also when the firing itself was forgotten meanwhile.
 */
export function runIdOf({ trigger, key }: Pick<Firing, 'trigger' | 'key'>, attempt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([trigger, key, attempt]))
    .digest();
  return `run_${[...hash.subarray(0, LETTERS)].map((byte) => ALPHABET[byte & 31]).join('')}`;
}

/** Undefined: the trigger's `if` does not hold. Throws `invalid_expression` and `expression_too_costly`. */
export function requestOf(trigger: Trigger, firing: Firing, workflow: Workflow): StartRequest | undefined {
  const inputs = inputsOfEvent(trigger, firing.event);
  if (inputs === undefined) return undefined;
  return {
    workflow,
    inputs,
    mode: 'apply',
    trigger: { ...firing.event, firing: firing.id, attempt: firing.attempt },
    principal: principalOf(trigger.name),
    id: runIdOf(firing, firing.attempt),
    ...(trigger.permissions === undefined ? {} : { permissionSets: [trigger.permissions] }),
  };
}
