import { hash as hashOf } from 'node:crypto';
import type { Command } from '@cadre/core/advance';
import { isOver, type RunState, type Workflow } from '@cadre/core/history';
import type { Claim, Job, Work, WorkQueue } from '../ports/dispatch.ts';
import type { SharedJournal } from '../ports/shared-journal.ts';
import { timeLimitOf } from './action-facts.ts';
import type { Assignment } from './assignment.ts';
import { isAtRest } from './at-rest.ts';
import { type StopReason, stopReasonOf, wishOf } from './attempt.ts';
import { parentOf } from './child-runs.ts';
import { type ClaimedHere, claimHere, type Reserve, type Task } from './claim-here.ts';
import { findPlaces } from './find-places.ts';
import { type HeldRunContext, momentOf, originOf } from './held-run.ts';
import { rankedPriority } from './ranked-priority.ts';
import { missingRun } from './read-events.ts';
import { reorder } from './reorder.ts';
import type { ReadOn } from './runs-reader.ts';
import { type News, type Prepared, Turns } from './turns.ts';

/** Work of the engine itself: done by every process that performs anything. */
export const ENGINE_CLASS = 'engine';
const ENGINE_LIMIT_MS = 60_000;

export interface SharedRunContext extends Omit<HeldRunContext, 'ended'> {
  readonly journal: SharedJournal<Work>;
  readonly queue: WorkQueue;
  readonly readOn: (run: string, state: RunState | undefined) => Promise<ReadOn>;
  /** The journal does not say any more what was known of the run: what of it is under way here must end. */
  readonly wentBack: (run: string, before: RunState, now: RunState | undefined) => void;
  /** Stops the attempt if it is under way in this process. */
  readonly stopHere: (run: string, step: string, reason: StopReason) => boolean;
  /** The run has to be decided again at this time. */
  readonly wakeAt: (at: number) => void;
  readonly reserve: Reserve;
  readonly over: (run: string, state: RunState) => void;
  readonly failed: (run: string, error: unknown) => void;
}

/** An attempt may be given up by its process long before; this is for one that hangs and still beats its heart. */
const BEYOND_LIMIT_MS = 3_600_000;

/**
 * A run that any process may advance, as this one knows it, with the invariants of `Turns` and these:
 * 1. What came of an attempt, what follows from it, the jobs and the time that it gives, and the end of the claim are one
 *    transaction.
 * 2. What stands in a line behind others begins nothing; it is looked at again from time to time.
 * 3. Where the journal went back, the run is what stands there now; attempts that it knows nothing of are stopped.
 * 4. The fence is the attempt: what came of one is appended only while the journal says that this attempt is under way.
 */
export class SharedRun {
  readonly id: string;
  readonly #context: SharedRunContext;
  readonly #turns: Turns<Claim>;
  #resting: (() => void)[] = [];
  #told = false;
  /** The last turn had nothing to append: when the next is due. */
  #sleepsUntil: { readonly at: number | undefined } | undefined;
  #error: { readonly error: unknown } | undefined;

  /** What the turn that is being appended begins in this process. */
  #here: ClaimedHere | undefined;

  #admitted: boolean;
  #prioritised: number | undefined;

  constructor(
    context: SharedRunContext,
    id: string,
    workflow: Workflow,
    state: RunState,
    admitted = isAdmitted(state),
  ) {
    this.id = id;
    this.#admitted = admitted;
    this.#prioritised = state.prioritised;
    this.#context = context;
    const values = context.values.open({ id, mode: state.mode });
    this.#turns = new Turns(workflow, state, {
      moment: () => momentOf(context, id, values),
      values,
      decides: ({ status }) => this.#admitted || status === 'cancelling',
      stopped: () => this.#error !== undefined,
      readOn: (before) => this.#readOn(before),
      append: (turn) => this.#append(turn),
      goOn: (commands, changed) => {
        this.#sleepsUntil = changed ? undefined : { at: wakeOf(commands) };
        this.#here?.begin();
        this.#here = undefined;
        this.carryOut(commands);
        this.#tell(changed);
      },
      caughtUp: () => {
        this.#prioritised = reorder(context, this, this.#prioritised);
        this.#tell(true);
      },
      failed: (error) => {
        this.#error = { error };
        context.failed(id, error);
        this.#tell(true);
      },
    });
  }

  get state(): RunState {
    return this.#turns.state;
  }

  get workflow(): Workflow {
    return this.#turns.workflow;
  }

  /** Nobody waits for it and nothing goes on: it can be forgotten and read again. */
  get idle(): boolean {
    return !this.#turns.underWay && this.#resting.length === 0;
  }

  /** Resolves when no turn is under way. */
  async settle(): Promise<void> {
    await this.#turns.idle();
  }

  /** Throws what it could not go on for: the claims that it was told of are left to others. */
  async tell(...news: readonly News<Claim>[]): Promise<void> {
    await this.#turns.tell(...news);
    this.#check();
  }

  async notice(): Promise<void> {
    await this.#comeUp();
    await this.#turns.notice();
    this.#check();
  }

  /** Its time has come; or somebody appended to it and died, and there may be nothing that follows. */
  async wakeUp(): Promise<void> {
    this.#sleepsUntil = undefined;
    await this.notice();
    const sleeps = this.#sleepsUntil as { readonly at: number | undefined } | undefined;
    // In a line it is looked at again and again.
    if (sleeps === undefined || !this.#admitted || isOver(this.state.status)) return;
    await this.#context.journal.putOff(this.id, this.state.number, sleeps.at);
  }

  /** The state when the run is over or waits for a person. */
  async rest(): Promise<RunState> {
    while (!isAtRest(this.state)) {
      this.#check();
      await new Promise<void>((resolve) => this.#resting.push(resolve));
    }
    return this.state;
  }

  async #readOn(before: RunState): Promise<RunState> {
    const { state, wentBack } = await this.#context.readOn(this.id, before);
    if (wentBack) {
      this.#context.wentBack(this.id, before, state);
      this.#told = false;
      this.#admitted = state !== undefined && isAdmitted(state);
    }
    if (state === undefined) throw missingRun(this.id);
    return state;
  }

  /** It stands in a line: whether nobody stands before it any more. */
  async #comeUp(): Promise<void> {
    const { group } = this.state;
    if (this.#admitted || group === undefined) return;
    this.#admitted =
      this.state.startedAt !== undefined || (await this.#context.groups.mayBegin(group, this.id));
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error.error;
  }

  #tell(changed: boolean): void {
    if (changed) this.#context.feed.changed(this.id);
    if (isOver(this.state.status) && !this.#told) {
      this.#told = true;
      this.#context.over(this.id, this.state);
    }
    if (!isAtRest(this.state) && this.#error === undefined) return;
    const resting = this.#resting;
    this.#resting = [];
    for (const resolve of resting) resolve();
  }

  async #append(turn: Prepared<Claim>): Promise<boolean> {
    const finished = turn.kept.flatMap(claimOf);
    const refused = turn.dropped.flatMap(claimOf);
    if (turn.events.length === 0 && refused.length === 0) return true;
    const { queue, reserve, holder } = this.#context;
    const tasks = tasksOf(this.#context, this.id, this.workflow, turn);
    const here = claimHere(await findPlaces(tasks, queue.shards), reserve, holder);
    const { jobs } = here;
    try {
      await prepareQueues(queue, jobs);
      const outcome = await this.#context.journal.advance({
        run: this.id,
        expected: turn.expected,
        events: turn.events,
        wakeAt: wakeOf(turn.commands),
        ...(jobs.length + finished.length === 0 ? {} : { beside: { jobs, settled: finished } }),
        ...(refused.length === 0 ? {} : { anyway: { settled: refused } }),
      });
      if (outcome.ok) this.#here = here;
      else here.giveBack();
      return outcome.ok;
    } catch (error) {
      here.giveBack();
      throw error;
    }
  }

  /** What is not done by the transaction already. Any of it may be done again without harm. */
  carryOut(commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.type === 'wake') this.#context.wakeAt(command.at);
      if (command.type === 'cancel-step') {
        this.#cancel(command).catch((error: unknown) => this.#context.failed(this.id, error));
      }
    }
  }

  /** An attempt that nobody has begun will not be; whoever performs it hears of the cancelling by itself. */
  async #cancel({ step, child, reason }: Extract<Command, { readonly type: 'cancel-step' }>): Promise<void> {
    if (child !== undefined) await this.#context.children.cancel(child, reason);
    else if (this.#context.stopHere(this.id, step, stopReasonOf(reason))) return;
    const attempt = this.state.steps.get(step)?.attempts ?? 0;
    const gone = await this.#context.queue.withdraw([jobId(this.id, step, attempt)]);
    if (gone.length > 0) await this.tell({ body: { type: 'step.cancelled', step }, attempt });
  }
}

/** Whether it stands in no line, or in none any more. */
function isAdmitted({ group, startedAt }: RunState): boolean {
  return group === undefined || startedAt !== undefined;
}

const claimOf = ({ claim }: News<Claim>): readonly Claim[] => (claim === undefined ? [] : [claim]);

/** What a decision gives to be done: all that has to survive this process. */
export function tasksOf(
  context: Pick<SharedRunContext, 'gate'>,
  run: string,
  workflow: Workflow,
  { commands, before, state }: Pick<Prepared<Claim>, 'commands' | 'before' | 'state'>,
): readonly Task[] {
  const known = { run, number: state.number };
  const origin = originOf(run, workflow, state);
  const jobs = commands.flatMap((command, index): readonly Task[] => {
    switch (command.type) {
      case 'perform-step': {
        const { class: className, priority } = wishOf(context.gate, run, command);
        return [
          {
            id: jobId(run, command.step, command.attempt),
            class: className,
            priority: rankedPriority(priority, before.running.size + index),
            assignment: { ...known, task: 'perform', origin, command },
            ...(command.shard === undefined ? {} : { shard: command.shard }),
            expiresMs: timeLimitOf(context.gate, command, origin.workers) + BEYOND_LIMIT_MS,
          },
        ];
      }
      case 'start-run':
        return [engineJob(jobId(run, command.step, command.attempt), { ...known, task: 'start', command })];
      default:
        return [];
    }
  });
  const reports = isOver(state.status) && parentOf(state) !== undefined;
  return reports ? [...jobs, engineJob(jobId(run, 'over', 0), { ...known, task: 'report' })] : jobs;
}

function engineJob(id: string, assignment: Assignment): Task {
  return { id, class: ENGINE_CLASS, priority: 0, assignment, expiresMs: ENGINE_LIMIT_MS };
}

export function wakeOf(commands: readonly Command[]): number | undefined {
  return commands.find((command) => command.type === 'wake')?.at;
}

export async function prepareQueues(
  queue: WorkQueue,
  jobs: readonly Pick<Job, 'class' | 'direct'>[],
): Promise<void> {
  const classes = new Set(jobs.filter((job) => job.direct === undefined).map((job) => job.class));
  if (classes.size === 0) return;
  await Promise.all([...classes].map((className) => queue.prepare(className)));
}

/** A UUID of version 8 (RFC 9562): 122 bits of a hash. The same attempt has the same one, wherever it is handed in. */
function jobId(run: string, step: string, attempt: number): string {
  const hash = hashOf('sha256', `${run}\n${step}\n${attempt}`, 'hex');
  const variant = (8 + (Number.parseInt(hash[16] ?? '0', 16) & 3)).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    variant + hash.slice(17, 20),
    hash.slice(20, 32),
  ].join('-');
}
