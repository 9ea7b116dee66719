import { type Command, decide, type Moment, type RunState, type Workflow } from '@cadre/core';
import { decideLoaded } from './decide-loaded.ts';
import type { RunValues } from './large-values.ts';

export type CancelStep = Extract<Command, { readonly type: 'cancel-step' }>;

/** How a step is to be ended, though it was said before: a decision says it once, and what it named may have come later. */
export async function cancelOf(
  workflow: Workflow,
  state: RunState,
  moment: Moment,
  step: string,
  values: RunValues,
): Promise<CancelStep | undefined> {
  if (state.status !== 'cancelling' && state.failing.size === 0) return undefined;
  const { told: _, ...untold } = state;
  const { commands } = await decideLoaded(values, () => decide(workflow, untold, moment));
  values.forget();
  return commands.find(
    (command): command is CancelStep => command.type === 'cancel-step' && command.step === step,
  );
}
