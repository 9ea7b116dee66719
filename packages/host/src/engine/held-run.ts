import {
  apply,
  type Command,
  decide,
  isOver,
  type Moment,
  type RunDecision,
  type RunEvent,
  type RunEventBody,
  type RunState,
  type Workflow,
  wallLimitAt,
} from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import type { Lease } from '../ports/lease-store.ts';
import {
  type Attempt,
  type AttemptContext,
  type CallOrigin,
  type PerformStep,
  startAttempt,
} from './attempt.ts';
import { type ChildRuns, parentOf, type StartRun } from './child-runs.ts';
import type { Definitions } from './definitions.ts';
import { readOn } from './journal.ts';

export interface HeldRunContext extends AttemptContext {
  /** What expressions see as `workspace`. */
  readonly workspace: JsonObject;
  readonly definitions: Definitions;
  readonly children: ChildRuns;
  /** The run is no longer held: it is over, lost, given back, or could not go on (`error`). */
  readonly ended: (run: HeldRun, error?: unknown) => void;
}

export interface Held {
  readonly id: string;
  readonly workflow: Workflow;
  readonly state: RunState;
  readonly lease: Lease;
}

/**
 * A run that this process holds the lease of, and advances.
 *
 * Invariants
 * 1. Only the holder of its lease advances a run: every append carries the lease and the number it expects.
 * 2. What came of an attempt and all that follows from it are one append.
 * 3. Nothing is performed before its `step.started` was appended, and each `perform-step` is carried out once.
 * 4. After the lease was lost nothing is appended any more, and every attempt is stopped at once.
 * 5. The state changes in turns, one at a time; it is always what the journal says up to its number.
 */
export class HeldRun {
  readonly id: string;
  readonly lease: Lease;
  readonly #context: HeldRunContext;
  readonly #workflow: Workflow;
  readonly #origin: CallOrigin;
  readonly #attempts = new Map<string, Attempt>();
  #resting: (() => void)[] = [];
  #state: RunState;
  /** What happened and is not yet in the journal. */
  #news: RunEventBody[] = [];
  #due = false;
  #appendedAt: number;
  #behind = false;
  #turns: Promise<void> | undefined;
  #phase: 'working' | 'draining' | 'ended' = 'working';
  #takeBackWake = () => {};

  constructor(context: HeldRunContext, { id, workflow, state, lease }: Held) {
    this.id = id;
    this.lease = lease;
    this.#context = context;
    this.#workflow = workflow;
    this.#state = state;
    this.#appendedAt = context.clock.now();
    const root = parentOf(state)?.root;
    this.#origin = {
      run: id,
      ...(root === undefined ? {} : { root }),
      mode: state.mode,
      principal: state.principal,
      permissionSets: [
        ...(state.permissionSets ?? []),
        ...(workflow.permissions === undefined ? [] : [workflow.permissions]),
      ],
    };
  }

  get state(): RunState {
    return this.#state;
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
  tell(...news: readonly RunEventBody[]): Promise<void> {
    this.#news.push(...news);
    return this.#turn();
  }

  /** Somebody else may have appended. Resolves when it has been read and acted upon. */
  notice(): Promise<void> {
    this.#behind = true;
    return this.#turn();
  }

  /** The state when the run is over or waits for a person; undefined when this process holds it no more. */
  async rest(): Promise<RunState | undefined> {
    while (this.#phase !== 'ended' && !isAtRest(this.#state)) {
      await new Promise<void>((resolve) => this.#resting.push(resolve));
    }
    return isOver(this.#state.status) || this.#phase !== 'ended' ? this.#state : undefined;
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
      await this.#turn();
    }
    await this.#turn();
    takeBack();
    this.#end('closed');
  }

  /** One after another; a turn that is asked for during another one follows it. */
  #turn(): Promise<void> {
    this.#due = true;
    this.#turns ??= this.#takeTurns();
    return this.#turns;
  }

  async #takeTurns(): Promise<void> {
    try {
      while (this.#due && this.#phase !== 'ended') {
        this.#due = false;
        await this.#takeTurn();
      }
    } catch (error) {
      this.#end('closed', error);
    } finally {
      this.#turns = undefined;
    }
  }

  async #takeTurn(): Promise<void> {
    if (this.#behind) await this.#readOn();
    const moment = momentOf(this.#context, this.id);
    const news = this.#news.filter((body) => isStillTrue(this.#state, body));
    this.#news = [];
    const happened = news.map((body): RunEvent => ({ at: moment.now, ...body }));
    const before = applyAll(this.#state, happened);
    const decision = this.#decide(before, moment);
    const appended = await this.#append([...happened, ...decision.events]);
    if (this.#phase === 'ended') return;
    if (!appended) {
      this.#news.unshift(...news);
      return;
    }
    this.#state = decision.state;
    if (happened.length + decision.events.length > 0) this.#hasAppended(moment.now);
    this.#goOn(decision.commands);
  }

  #hasAppended(at: number): void {
    this.#appendedAt = at;
    this.#context.feed.changed(this.id);
  }

  #goOn(commands: readonly Command[]): void {
    this.#carryOut(commands);
    if (isOver(this.#state.status)) this.#end('closed');
    else if (isAtRest(this.#state)) this.#tellResting();
  }

  #tellResting(): void {
    const resting = this.#resting;
    this.#resting = [];
    for (const resolve of resting) resolve();
  }

  /** A process that closes keeps what came of its attempts, and leaves what follows to the next. */
  #decide(state: RunState, moment: Moment): RunDecision {
    return this.#phase === 'working'
      ? decide(this.#workflow, state, moment)
      : { events: [], commands: [], state };
  }

  /** False when it has to be decided anew, after what others have appended. */
  async #append(events: readonly RunEvent[]): Promise<boolean> {
    if (events.length === 0) return true;
    const { name, token } = this.lease;
    const { runs } = this.#context.store;
    const outcome = await runs.append(this.id, this.#state.number, events, { lease: name, token });
    if (outcome.ok) return true;
    if (outcome.reason === 'lease_lost') this.lose();
    this.#behind = true;
    this.#due = true;
    return false;
  }

  async #readOn(): Promise<void> {
    this.#behind = false;
    const state = await readOn(this.#context.store.runs, this.id, this.#state);
    if (state.number === this.#state.number) return;
    this.#state = state;
    this.#context.feed.changed(this.id);
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
          const reason = command.reason === 'timed_out' ? 'run_timed_out' : 'cancelled';
          this.#attempts.get(command.step)?.stop(reason);
        } else this.#watchOver(this.#context.children.cancel(command.child, command.reason));
        return;
      case 'wake':
        this.#takeBackWake = this.#context.clock.wakeAt(command.at, () => void this.#turn());
    }
  }

  #startChild(command: StartRun): void {
    const deadline = wallLimitAt(this.#workflow, this.#state);
    const origin = {
      run: this.id,
      state: this.#state,
      permissionSets: this.#origin.permissionSets,
      ...(Number.isFinite(deadline) ? { deadline } : {}),
    };
    this.#watchOver(
      this.#context.children.start(origin, command).then(async (body) => {
        if (body !== undefined) await this.tell(body);
      }),
    );
  }

  #watchOver(work: Promise<void>): void {
    work.catch((error: unknown) => this.#end('closed', error));
  }

  #perform(command: PerformStep): void {
    const attempt = startAttempt(this.#context, this.#origin, command);
    this.#attempts.set(command.step, attempt);
    // The run was closed while the decision was being appended.
    if (this.#phase !== 'working') attempt.stop('closed');
    attempt.result.then(
      (body) => {
        this.#attempts.delete(command.step);
        if (body !== undefined) void this.tell(body);
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

export function momentOf({ clock, workspace }: HeldRunContext, runId: string): Moment {
  return { now: clock.now(), random: clock.random(), runId, workspace };
}

export function isAtRest(state: RunState): boolean {
  return isOver(state.status) || state.status === 'waiting';
}

function applyAll(state: RunState, events: readonly RunEvent[]): RunState {
  return events.reduce((before, event) => apply(before, { number: before.number + 1, ...event }), state);
}

/** Somebody else may have ended a step, or the run, before what came of an attempt could be appended. */
function isStillTrue(state: RunState, body: RunEventBody): boolean {
  return !isOver(state.status) && (!('step' in body) || state.running.has(body.step));
}
