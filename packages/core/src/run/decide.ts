import type { Set as ImmutableSet } from 'immutable';
import type { Workflow } from '../workflow/workflow.ts';
import type { Command } from './commands.ts';
import { begin } from './decide/begin.ts';
import { keepBudgets } from './decide/budget.ts';
import { climb } from './decide/climb.ts';
import { type Change, type Draft, emit, type Moment } from './decide/draft.ts';
import { advanceRun } from './decide/end.ts';
import { settle } from './decide/settle.ts';
import { cancelCommands, stopInside } from './decide/stop.ts';
import { keepTimeLimit, queueDue, wakeCommands } from './decide/time.ts';
import type { RunEvent } from './events.ts';
import { EMPTY } from './ledger.ts';
import { outlineOf } from './outline.ts';
import { ON_FAILURE } from './path.ts';
import type { RunState } from './state.ts';
import { isOver } from './status.ts';

export type { Moment } from './decide/draft.ts';

export interface RunDecision {
  /** To be appended together with the event that led here, before any command is carried out. */
  readonly events: RunEvent[];
  /**
   * The given state with these events applied, and with nothing left to look at: go on from it. From the events alone a
   * state with the same future can be made, but the next decision then looks at more, and says more than once what to cancel.
   */
  readonly state: RunState;
  /**
   * `perform-step` comes once, with its `step.started`; `cancel-step` once, and again for a state that was made from its
   * events; one `wake` with every decision while anything has a time. The last two may be carried out again without harm.
   */
  readonly commands: Command[];
}

/**
 * What should happen next in a run: pure, and all that follows without anything new from outside in one call. After its
 * events were applied, deciding again at the same moment gives no events and no `perform-step`. It costs as much as what
 * happened since the last decision, not as much as the run is long. `visit` is told of each step that is looked at.
 */
export function decide(
  workflow: Workflow,
  state: RunState,
  moment: Moment,
  visit: (path: string) => void = () => undefined,
): RunDecision {
  if (isOver(state.status)) return { events: [], state, commands: [] };
  const draft = draftOf(workflow, state, moment, visit);
  if (state.startedAt === undefined && state.status === 'cancelling') emit(draft, { type: 'run.cancelled' });
  else advance(draft);
  return {
    events: draft.events,
    state: { ...draft.state, agenda: EMPTY.agenda, charged: EMPTY.paths, told: true },
    commands: commandsOf(draft),
  };
}

function draftOf(workflow: Workflow, state: RunState, moment: Moment, visit: (path: string) => void): Draft {
  return {
    outline: outlineOf(workflow),
    moment,
    state,
    events: [],
    performs: new Map(),
    queue: queueOf(state),
    moves: { begin, settle },
    visit,
  };
}

function queueOf({ agenda }: RunState): Change[] {
  const queue: Change[] = [];
  for (const [container, children] of agenda) queue.push({ container, children: sorted(children) });
  return queue;
}

function sorted(paths: ImmutableSet<string>): string[] {
  const [first] = paths;
  return paths.size === 1 && first !== undefined ? [first] : [...paths].sort();
}

function advance(draft: Draft): void {
  if (draft.state.status === 'queued') emit(draft, { type: 'run.started' });
  if (draft.state.status === 'cancelling') stopAll(draft);
  keepTimeLimit(draft);
  keepBudgets(draft);
  queueDue(draft);
  do {
    for (const change of draft.queue.splice(0)) climb(draft, change);
    if (draft.queue.length === 0) advanceRun(draft);
    // Again: a list whose steps seemed to be over may have taken one of them up again.
    keepTimeLimit(draft);
    keepBudgets(draft);
  } while (draft.queue.length > 0 && !isOver(draft.state.status));
}

function stopAll(draft: Draft): void {
  stopInside(draft, '');
  stopInside(draft, ON_FAILURE);
}

function commandsOf(draft: Draft): Command[] {
  if (isOver(draft.state.status)) return [];
  return [...draft.performs.values(), ...cancelCommands(draft.state), ...wakeCommands(draft)];
}
