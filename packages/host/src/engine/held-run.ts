import { type Command, type Moment, wallLimitAt } from '@cadre/core/advance';
import { isOver, type RunEventBody, type RunState, type Workflow } from '@cadre/core/history';
import type { JsonObject } from '@cadre/sdk';
import type { Lease } from '../ports/lease-store.ts';
import { isAtRest } from './at-rest.ts';
import {
  type Attempt,
  type AttemptContext,
  type CallOrigin,
  type PerformStep,
  startAttempt,
  stopReasonOf,
} from './attempt.ts';
import { cancelOf } from './cancel-of.ts';
import { type ChildRuns, type Origin, parentOf, type StartRun } from './child-runs.ts';
import type { Definitions } from './definitions.ts';
import type { Groups } from './groups.ts';
import { readOn } from './journal.ts';
import type { RunValues } from './large-values.ts';
import { reorder } from './reorder.ts';
import { tellExtended } from './tell-extended.ts';
import { type Prepared, Turns } from './turns.ts';

export interface HeldRunContext extends AttemptContext {
  /** What expressions see as `workspace`. */
  readonly workspace: JsonObject;
  /** The commit that the workspace stands at now. */
  readonly commit: () => string | undefined;
  /** Whether a person is asked when four fifths of a budget are used. */
  readonly asksForBudget: () => Promise<boolean>;
  readonly definitions: Definitions;
  readonly children: ChildRuns;
  /** How this process names itself in the journal. */
  readonly holder: string;
  readonly groups: Groups;
  /** The run is no longer held: it is over, lost, given back, or could not go on (`error`). */
  readonly ended: (run: HeldRun, error?: unknown) => void;
}

export interface Held {
  readonly id: string;
  readonly workflow: Workflow;
  readonly state: RunState;
  readonly lease: Lease;
  /** False: it stands in a line behind others. */
  readonly admitted: boolean;
}

/**
 * A run that this process holds the lease of, and advances, with the invariants of `Turns` and these:
 * 1. Only the holder of its lease advances a run: every append carries the lease and the number it expects.
 * 2. Nothing is performed before its `step.started` was appended, and each `perform-step` is carried out once.
 * 3. A run that stands in a line begins nothing before it is the first; that it is cancelled is decided also there.
 * 4. After the lease was lost nothing is appended any more, and every attempt is stopped at once.
 */
export class HeldRun {
  readonly id: string;
  readonly lease: Lease;
  readonly #context: HeldRunContext;
  readonly #turns: Turns;
  readonly #values: RunValues;
  readonly #origin: CallOrigin;
  readonly #attempts = new Map<string, Attempt>();
  #resting: (() => void)[] = [];
  #appendedAt: number;
  #phase: 'working' | 'draining' | 'ended' = 'working';
  #admitted: boolean;
  #prioritised: number | undefined;
  #takeBackWake = () => {};

  constructor(context: HeldRunContext, { id, workflow, state, lease, admitted }: Held) {
    this.id = id;
    this.lease = lease;
    this.#context = context;
    this.#values = context.values.open({ id, mode: state.mode });
    this.#turns = new Turns(workflow, state, {
      moment: () => momentOf(context, id, this.#values),
      values: this.#values,
      // A process that closes keeps what came of its attempts, and leaves what follows to the next.
      decides: ({ status }) => this.#phase === 'working' && (this.#admitted || status === 'cancelling'),
      stopped: () => this.#phase === 'ended',
      readOn: (before) => readOn(context.store.runs, id, before),
      append: (turn) => this.#append(turn),
      goOn: (commands, changed) => {
        if (changed) this.#hasAppended();
        this.#goOn(commands);
      },
      caughtUp: () => {
        this.#prioritised = reorder(context, this, this.#prioritised);
        context.feed.changed(id);
      },
      failed: (error) => this.#end('closed', error),
    });
    this.#admitted = admitted;
    this.#prioritised = state.prioritised;
    this.#appendedAt = context.clock.now();
    this.#origin = originOf(id, workflow, state);
  }

  get workflow(): Workflow {
    return this.#turns.workflow;
  }

  get state(): RunState {
    return this.#turns.state;
  }

  /** Milliseconds since it appended: an append finds out by itself whether others were there before. */
  get quietMs(): number {
    return this.#context.clock.now() - this.#appendedAt;
  }

  /** Carries out the decision that was appended together with the run itself. */
  begin(commands: readonly Command[]): void {
    this.#goOn(commands);
  }

  /** Appends what happened, decides, and goes on. Resolves when that has been done. */
  tell(...bodies: readonly RunEventBody[]): Promise<void> {
    return this.#turns.tell(...bodies.map((body) => ({ body })));
  }

  /** Begins it if nobody stands before it any more. */
  async comeUp(): Promise<void> {
    const { group } = this.state;
    if (this.#admitted || group === undefined) return;
    this.#admitted = await this.#context.groups.mayBegin(group, this.id);
    if (this.#admitted) await this.#turns.take();
  }

  /** Somebody else may have appended. Resolves when it has been read and acted upon. */
  notice(): Promise<void> {
    return this.#turns.notice();
  }

  /** The state when the run is over or waits for a person; undefined when this process holds it no more. */
  async rest(): Promise<RunState | undefined> {
    while (this.#phase !== 'ended' && !isAtRest(this.state)) {
      await new Promise<void>((resolve) => this.#resting.push(resolve));
    }
    return isOver(this.state.status) || this.#phase !== 'ended' ? this.state : undefined;
  }

  /** Invariant 4. */
  lose(): void {
    this.#end('lost');
  }

  /**
   * Hands out nothing more, waits `drainMs` for the attempts under way, then stops them, and leaves a journal from which
   * any process can go on.
   */
  async close(drainMs: number): Promise<void> {
    if (this.#phase !== 'working') return;
    this.#phase = 'draining';
    const { clock } = this.#context;
    this.#stopAttempts('closed', (attempt) => !attempt.begun());
    const takeBack = clock.wakeAt(clock.now() + drainMs, () => this.#stopAttempts('closed'));
    while (this.#attempts.size > 0) {
      await Promise.allSettled([...this.#attempts.values()].map((attempt) => attempt.result));
      await this.#turns.take();
    }
    await this.#turns.take();
    takeBack();
    this.#end('closed');
  }

  #hasAppended(): void {
    this.#appendedAt = this.#context.clock.now();
    this.#context.feed.changed(this.id);
  }

  #goOn(commands: readonly Command[]): void {
    this.#carryOut(commands);
    if (isOver(this.state.status)) this.#end('closed');
    else if (isAtRest(this.state)) this.#tellResting();
  }

  #tellResting(): void {
    const resting = this.#resting;
    this.#resting = [];
    for (const resolve of resting) resolve();
  }

  #append({ expected, events }: Prepared<unknown>): Promise<boolean> | boolean {
    if (events.length === 0) return true;
    const { name, token } = this.lease;
    const { runs } = this.#context.store;
    return runs.append(this.id, expected, events, { lease: name, token }).then((outcome) => {
      if (!outcome.ok && outcome.reason === 'lease_lost') this.lose();
      return outcome.ok;
    });
  }

  #carryOut(commands: readonly Command[]): void {
    this.#takeBackWake();
    for (const command of commands) this.#obey(command);
  }

  #obey(command: Command): void {
    switch (command.type) {
      case 'perform-step':
        this.#perform(command);
        return;
      case 'start-run':
        this.#startChild(command);
        return;
      case 'cancel-step':
        if (command.child === undefined) {
          this.#attempts.get(command.step)?.stop(stopReasonOf(command.reason));
        } else this.#watchOver(this.#context.children.cancel(command.child, command.reason));
        return;
      case 'wake':
        this.#takeBackWake = this.#context.clock.wakeAt(command.at, () => void this.#turns.take());
    }
  }

  #startChild(command: StartRun): void {
    const origin = parentOrigin(this.id, this.#turns.workflow, this.state);
    this.#watchOver(
      this.#context.children.start(origin, command).then(async (body) => {
        if (body !== undefined) return this.tell(body);
        // It was cancelled before it was there.
        const values = this.#context.values.open({ id: this.id, mode: this.state.mode });
        const cancel = await cancelOf(
          this.#turns.workflow,
          this.state,
          momentOf(this.#context, this.id, values),
          command.step,
          values,
        );
        if (cancel !== undefined) this.#obey(cancel);
      }),
    );
  }

  #watchOver(work: Promise<void>): void {
    work.catch((error: unknown) => this.#end('closed', error));
  }

  #perform(command: PerformStep): void {
    const { attempt: number } = command;
    const attempt = startAttempt(this.#context, this.#origin, command, (body) => {
      void this.#turns.tell({ body, attempt: number });
    });
    this.#attempts.set(command.step, attempt);
    // The run was closed while the decision was being appended.
    if (this.#phase !== 'working') attempt.stop('closed');
    attempt.result.then(
      (body) => {
        this.#attempts.delete(command.step);
        if (body === undefined) return;
        const told = this.#turns.tell({ body, attempt: number });
        if (attempt.extended()) void told.then(() => tellExtended(attempt, body, this.state));
      },
      (error: unknown) => {
        this.#attempts.delete(command.step);
        this.#end('closed', error);
      },
    );
  }

  #stopAttempts(reason: 'closed' | 'lost', which: (attempt: Attempt) => boolean = () => true): void {
    for (const attempt of this.#attempts.values()) if (which(attempt)) attempt.stop(reason);
  }

  #end(reason: 'closed' | 'lost', error?: unknown): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#takeBackWake();
    this.#stopAttempts(reason);
    this.#context.ended(this, error);
    this.#tellResting();
    this.#context.feed.changed(this.id);
  }
}

export function momentOf(
  { clock, workspace }: Pick<HeldRunContext, 'clock' | 'workspace'>,
  runId: string,
  values: RunValues,
): Moment {
  return { now: clock.now(), random: clock.random(), runId, workspace, artifacts: values.artifacts };
}

/** What a call needs to know of its run. */
export function originOf(run: string, workflow: Workflow, state: RunState): CallOrigin {
  const root = parentOf(state)?.root;
  return {
    run,
    ...(root === undefined ? {} : { root }),
    mode: state.mode,
    principal: state.principal,
    workflow: workflow.name,
    ...(state.noCache === undefined ? {} : { noCache: true }),
    ...(state.workers === undefined ? {} : { workers: state.workers }),
    permissionSets: [
      ...(state.permissionSets ?? []),
      ...(workflow.permissions === undefined ? [] : [workflow.permissions]),
    ],
  };
}

/** What a run inside it must know of a run. */
export function parentOrigin(run: string, workflow: Workflow, state: RunState): Origin {
  const deadline = wallLimitAt(workflow, state);
  const { permissionSets } = originOf(run, workflow, state);
  return { run, state, permissionSets, ...(Number.isFinite(deadline) ? { deadline } : {}) };
}
