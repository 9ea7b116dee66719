import { addUsage, growth, lessUsage, type Usage } from '../budget/usage.ts';
import type { StepEvent } from './apply-step.ts';
import { COMPENSATE, nameOf, outward } from './path.ts';
import type { RunState } from './state.ts';

/**
 * Counts what an event says was used, for its step, for all that it stands in and for the run. An attempt may tell of
 * itself several times and each time says all of it, so that only what came on top is counted. `before` is the run as the
 * event found it. Costs nothing where an event tells of no use.
 */
export function charge(before: RunState, after: RunState, event: StepEvent): RunState {
  const usage = 'usage' in event ? event.usage : undefined;
  if (usage === undefined) return withoutUse(after, event);
  const spent = event.type === 'step.started' ? undefined : before.steps.get(event.step)?.spent;
  const grown = growth(spent, usage);
  return {
    ...after,
    used: addUsage(after.used, grown),
    steps: chargeAround(after.steps, event.step, (used) => addUsage(used, grown)),
    charged: after.charged.add(event.step),
  };
}

/** What undoes a step is no longer part of its work. */
function chargeAround(
  steps: RunState['steps'],
  path: string,
  charged: (used: Usage | undefined) => Usage,
): RunState['steps'] {
  return steps.withMutations((map) => {
    for (const at of outward(path)) {
      if (nameOf(at) === COMPENSATE) return;
      const step = map.get(at);
      if (step !== undefined) map.set(at, { ...step, used: charged(step.used) });
    }
  });
}

function withoutUse(state: RunState, event: StepEvent): RunState {
  // A step that used too much before it is begun again has to be looked at before anything is done in it.
  if (event.type === 'step.opened') return reopened(state, event.step);
  if (event.type !== 'step.succeeded' || event.unused === undefined) return state;
  const less = (used: Usage | undefined) => lessUsage(used, event.unused ?? {});
  return { ...state, used: less(state.used), steps: chargeAround(state.steps, event.step, less) };
}

function reopened(state: RunState, path: string): RunState {
  return state.steps.get(path)?.used === undefined ? state : { ...state, charged: state.charged.add(path) };
}
