import { type Failure, failure, type JsonObject, type JsonValue } from '@cadre/sdk';
import type { Usage } from '../../budget/usage.ts';
import type { Budget, Workflow } from '../../workflow/workflow.ts';
import { apply } from '../apply.ts';
import type { Command } from '../commands.ts';
import { decide } from '../decide.ts';
import type { NumberedEvent, RunEventBody } from '../events.ts';
import { commandsOnResume } from '../resume.ts';
import { PENDING, type RunState, type StepState } from '../state.ts';

type Performing =
  | Extract<Command, { readonly type: 'perform-step' }>
  | (Extract<Command, { readonly type: 'start-run' }> & {
      readonly input?: undefined;
      readonly idempotencyKey?: undefined;
    });
type Created = Extract<RunEventBody, { readonly type: 'run.created' }>;

export interface SimulationOptions {
  readonly inputs?: JsonObject;
  readonly mode?: 'apply' | 'plan';
  readonly reused?: NonNullable<Created['reused']>;
  readonly random?: number;
  /** What whoever started it grants. */
  readonly budget?: Budget;
  readonly asksForBudget?: true;
  readonly visit?: (path: string) => void;
}

/**
 * For tests: what the engine does, without the world. Every result is appended together with the decision that follows
 * from it; attempts that were handed out stay in `performing` until a test says how they ended.
 */
export function simulate(workflow: Workflow, options: SimulationOptions = {}) {
  let now = 1_000_000;
  let state: RunState | undefined;
  let commands: Command[] = [];
  const events: NumberedEvent[] = [];
  const performing = new Map<string, Performing>();
  const performed: Performing[] = [];
  const cancelling = new Set<string>();
  let held = false;
  const moment = () => ({ now, random: options.random ?? 0.5, runId: 'run_1', workspace: { name: 'here' } });

  function current(): RunState {
    if (state === undefined) throw new Error('the simulation has not begun');
    return state;
  }

  function append(body: RunEventBody): void {
    const event = { number: events.length + 1, at: now, ...body };
    state = apply(state, event);
    events.push(event);
  }

  /** Decides, appends and carries out; gives the events of the decision. */
  function go(): RunEventBody[] {
    if (held) return [];
    const decision = decide(workflow, current(), moment(), options.visit);
    decision.events.forEach(append);
    state = decision.state;
    commands = decision.commands;
    for (const command of commands) carryOut(command);
    return decision.events;
  }

  function carryOut(command: Command): void {
    if (command.type === 'cancel-step') cancelling.add(command.step);
    if (command.type !== 'perform-step' && command.type !== 'start-run') return;
    performing.set(command.step, command);
    performed.push(command);
  }

  function tell(body: RunEventBody, goesOn = false): RunEventBody[] {
    if ('step' in body && !goesOn) forget(body.step);
    append(body);
    return go();
  }

  function forget(step: string): void {
    performing.delete(step);
    cancelling.delete(step);
  }

  append({
    type: 'run.created',
    workflow: workflow.name,
    definition: 'hash',
    inputs: options.inputs ?? {},
    mode: options.mode ?? 'apply',
    trigger: { type: 'manual' },
    principal: 'user',
    ...(options.reused === undefined ? {} : { reused: options.reused }),
    ...(options.budget === undefined ? {} : { budget: options.budget }),
    ...(options.asksForBudget === undefined ? {} : { asksForBudget: true }),
  });

  return {
    workflow,
    events,
    performing,
    performed,
    append,
    moment,
    go,
    tell,
    state: current,
    commands: () => commands,
    step: (path: string): StepState => current().steps.get(path) ?? PENDING,
    status: (path: string) => (current().steps.get(path) ?? PENDING).status,
    types: () => events.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type)),
    /** Attempts under way that were told to end. */
    cancels: () => [...cancelling].sort(),
    wake: () => commands.flatMap((command) => (command.type === 'wake' ? [command.at - now] : []))[0],
    succeed: (step: string, output: JsonValue = null, usage?: Usage) =>
      tell({ type: 'step.succeeded', step, output, ...(usage === undefined ? {} : { usage }) }),
    spend: (step: string, usage: Usage) =>
      tell({ type: 'step.spent', step, attempt: current().steps.get(step)?.attempts ?? 0, usage }, true),
    fail: (step: string, code = 'broken', more: Partial<Failure> = {}) =>
      tell({ type: 'step.failed', step, failure: failure(code, `${step} is ${code}`, more) }),
    timeOut: (step: string) =>
      tell({ type: 'step.timed_out', step, failure: failure('timed_out', `${step} took too long`) }),
    cancelled: (step: string) => tell({ type: 'step.cancelled', step }),
    answer: (step: string, answer: 'allow' | 'deny' | 'retry' | 'continue' | 'abort', data?: JsonValue) =>
      tell({ type: 'step.answered', step, by: 'ada', answer, ...(data === undefined ? {} : { data }) }),
    signal: (topic: string, data: JsonValue = null) =>
      tell({ type: 'run.signalled', topic, data, by: 'ada' }),
    cancel: () => tell({ type: 'run.cancelling', by: 'ada', reason: 'enough' }),
    /** Several things happen before anything is decided: results that were only written down, or that came together. */
    together(happens: () => void) {
      held = true;
      happens();
      held = false;
      return go();
    },
    /** Time passes and the wake that was asked for comes. */
    pass(milliseconds: number) {
      now += milliseconds;
      return go();
    },
    /** The process dies with all its attempts, and another one takes over. */
    crash(isRepeatable: (uses: string) => boolean = () => false) {
      for (const path of [...performing.keys()])
        if (current().steps.get(path)?.child === undefined) forget(path);
      append({ type: 'run.resumed', holder: 'another' });
      commandsOnResume(workflow, current(), moment(), isRepeatable).forEach(append);
      return go();
    },
  };
}
