import type { EffectClass } from '@cadre/sdk';
import { walkSteps } from './walk-steps.ts';
import type { Workflow } from './workflow.ts';

const HARMLESS: ReadonlySet<EffectClass> = new Set(['none', 'read']);

/** Whether any action that the workflow may perform has an effect beyond reading. */
export function isDestructive(
  workflow: Workflow,
  effectsOf: (uses: string) => readonly EffectClass[],
): boolean {
  return walkSteps(workflow).some(
    ({ step }) =>
      // What a workflow by another name does is known only when it runs.
      step.kind === 'workflow' ||
      (step.kind === 'action' && effectsOf(step.uses).some((effect) => !HARMLESS.has(effect))),
  );
}
