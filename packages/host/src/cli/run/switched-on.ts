import type { Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';

/** The step is done when this input is true, and for no other reason: `if: ${{ inputs.docs }}`. */
const SWITCH = /^\$\{\{\s*inputs\.(\w+)\s*\}\}$/;

/** Who names a step means it: the inputs that turn the named steps on, where one is off by default. */
export function switchedOn(workflow: Workflow, names: readonly string[] = []): JsonObject {
  const named = workflow.steps.filter(({ id, aliases = [] }) =>
    [id, ...aliases].some((name) => names.includes(name)),
  );
  const inputs = named.flatMap((step) => SWITCH.exec(step.if ?? '')?.[1] ?? []);
  const switches = inputs.filter((input) => workflow.inputs[input]?.['type'] === 'boolean');
  return Object.fromEntries(switches.map((input) => [input, true]));
}
