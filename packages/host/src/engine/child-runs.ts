import { type Command, wallExceeded } from '@cadre/core/advance';
import {
  CadreError,
  isCadreError,
  isOver,
  type RunEventBody,
  type RunState,
  type StepState,
  type Workflow,
} from '@cadre/core/history';
import { type Failure, failure, type JsonObject, type JsonValue } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { RunStore } from '../ports/store.ts';
import { readState } from './journal.ts';
import type { LargeValues } from './large-values.ts';
import type { StartRequest } from './start-run.ts';
import { giveResult } from './steer.ts';

export type StartRun = Extract<Command, { readonly type: 'start-run' }>;

/** A run that another one has started, as its trigger tells. */
export interface Parent {
  readonly run: string;
  readonly step: string;
  /** The run at the top, whose rehearsal the others share. */
  readonly root: string;
  /** How many runs stand above it. */
  readonly depth: number;
}

/** Deeper nesting is a workflow that starts itself. */
const DEEPEST = 16;

export interface ChildRuns {
  /** Undefined: it is under way, now or already; else why it could not be started. */
  start(parent: Origin, command: StartRun): Promise<RunEventBody | undefined>;
  cancel(child: string, reason: string): Promise<void>;
  /** A run that is over tells the run that it belongs to. */
  report(run: string, state: RunState): Promise<void>;
  /** What became of the runs that a run waits for while nobody looked; those that never came to be are interrupted. */
  news(run: string, state: RunState): Promise<readonly RunEventBody[]>;
}

/** Whose run starts one. */
export interface Origin {
  readonly run: string;
  readonly state: RunState;
  readonly permissionSets: readonly (readonly string[])[];
  /** When its own time is up (ms since 1970), where it has a limit. */
  readonly deadline?: number;
}

interface Options {
  readonly runs: RunStore;
  readonly clock: Clock;
  readonly values: LargeValues;
  readonly findWorkflow: (name: string) => Promise<Workflow>;
  readonly start: (request: StartRequest) => Promise<string>;
  readonly attend: (run: string) => Promise<void>;
  readonly cancel: (run: string, by: string, reason: string) => Promise<void>;
}

/**
 * Runs that are steps of other runs.
 *
 * Invariants
 * 1. A child's id stands in its parent's journal before the child is there; starting it again finds it.
 * 2. A child never may do more, nor take longer, than its parent.
 * 3. What a child may use was taken from its parent's budget before it was started; what it did use is told with its end.
 * 4. What became of a child is told to its parent once: the parent takes nothing from a child that it does not wait for.
 */
export function createChildRuns(options: Options): ChildRuns {
  const { runs, clock, findWorkflow, values } = options;

  async function start({ run, state, permissionSets: ofRun, deadline }: Origin, command: StartRun) {
    const { step, child, inputs, timeoutMs, permissionSets = [], priority, budget: reserved } = command;
    const above = parentOf(state);
    const depth = (above?.depth ?? 0) + 1;
    if (depth > DEEPEST) throw tooDeep(command.workflow);
    const workflow = await findWorkflow(command.workflow);
    const limit = shorter(timeoutMs, reserved?.wallMs);
    const wallMs = shorter(limit, deadline === undefined ? undefined : deadline - clock.now());
    const time = wallMs === undefined ? {} : { wallMs: Math.max(1, wallMs) };
    const budget = wallMs === undefined ? reserved : { ...reserved, ...time };
    const trigger = { kind: 'workflow', run, step, root: above?.root ?? run, depth };
    await options.start({
      id: child,
      workflow,
      inputs,
      mode: state.mode,
      trigger,
      principal: state.principal,
      ...(state.noCache === undefined ? {} : { noCache: true }),
      permissionSets: [...ofRun, ...permissionSets],
      ...(budget === undefined ? {} : { budget }),
      ...(priority === undefined ? {} : { priority }),
    });
  }

  return {
    async start(origin, command) {
      try {
        await start(origin, command);
        return undefined;
      } catch (error) {
        if (!isCadreError(error)) throw error;
        if (error.code === 'exists') return undefined;
        return { type: 'step.failed', step: command.step, failure: failureOf(error) };
      }
    },
    async cancel(child, reason) {
      await options.cancel(child, 'parent', reason).catch((error: unknown) => {
        // It was over before, or never came to be: its parent hears that another way.
        if (!isCadreError(error)) throw error;
      });
    },
    async report(run, state) {
      const parent = parentOf(state);
      if (parent === undefined || !isOver(state.status)) return;
      await values.adopt({ id: parent.run, mode: state.mode }, state.output);
      const told = await giveResult(runs, parent.run, parent.step, run, (step) => ({
        at: clock.now(),
        ...resultOf(parent.step, step, run, state),
      }));
      if (told) await options.attend(parent.run);
    },
    async news(own, state) {
      const bodies: RunEventBody[] = [];
      for (const step of state.running) {
        const waits = state.steps.get(step);
        const { child, attempts = 0 } = waits ?? {};
        if (waits === undefined || child === undefined) continue;
        const found = await find(runs, child);
        if (found === undefined)
          bodies.push({ type: 'step.interrupted', step, attempt: attempts, repeatable: true });
        else if (isOver(found.status)) {
          await values.adopt({ id: own, mode: found.mode }, found.output);
          bodies.push(resultOf(step, waits, child, found));
        }
      }
      return bodies;
    },
  };
}

async function find(runs: RunStore, run: string): Promise<RunState | undefined> {
  return (await runs.lastNumber(run)) === 0 ? undefined : readState(runs, run);
}

/** Absent: nobody waits for the run. */
export function parentOf({ trigger }: Pick<RunState, 'trigger'>): Parent | undefined {
  if (trigger['kind'] !== 'workflow') return undefined;
  const { run, step, root, depth } = trigger;
  return { run: String(run), step: String(step), root: String(root), depth: Number(depth) };
}

type Result = Extract<RunEventBody, { readonly step: string }>;

function resultOf(step: string, waits: StepState, child: string, state: RunState): Result {
  const { status, output = null } = state;
  const usage = state.used === undefined ? {} : { usage: state.used };
  if (status === 'succeeded') return { type: 'step.succeeded', step, output, ...usage };
  if (status === 'cancelled') return { type: 'step.cancelled', step, ...usage };
  const failed = state.failure ?? failure(status, `the run ${child} has ${status.replace('_', ' ')}`);
  const told = { ...failed, details: { ...detailsOf(failed), run: child } };
  if (status !== 'timed_out') return { type: 'step.failed', step, failure: told, ...usage };
  const { wallMs } = waits.reserved ?? {};
  const byBudget = wallMs !== undefined && state.budget?.wallMs === wallMs && tookOf(state) >= wallMs;
  if (!byBudget) return { type: 'step.timed_out', step, failure: told, ...usage };
  // It had the time that the budget of its step gives it: too much of that is reported like too much of anything else.
  const exceeded = wallExceeded(step, wallMs);
  const details = { ...detailsOf(exceeded), run: child };
  return { type: 'step.failed', step, failure: { ...exceeded, details, cause: failed }, ...usage };
}

function tookOf({ startedAt = 0, endedAt = 0 }: RunState): number {
  return endedAt - startedAt;
}

function detailsOf({ details }: Failure): JsonObject {
  const isMap = typeof details === 'object' && details !== null && !Array.isArray(details);
  return isMap ? details : { ...(details === undefined ? {} : { given: details as JsonValue }) };
}

function failureOf({ code, message, hint, details }: CadreError): Failure {
  return failure(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details: details as JsonValue }),
  });
}

function tooDeep(name: string): CadreError {
  return new CadreError('invalid_workflow', `${name} is the ${DEEPEST + 1}th run inside another one`, {
    hint: 'a workflow probably starts itself; end that with an `if`, or use a `repeat`',
  });
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
