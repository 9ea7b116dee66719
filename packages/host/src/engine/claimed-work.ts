import { isOver, type RunState } from '@cadre/core/history';
import type { Claim, Work } from '../ports/dispatch.ts';
import type { SharedJournal } from '../ports/shared-journal.ts';
import { isRepeatable } from './action-facts.ts';
import { type Assignment, assignmentOf } from './assignment.ts';
import { type Attempt, type StopReason, startAttempt } from './attempt.ts';
import { cancelOf } from './cancel-of.ts';
import { type HeldRunContext, momentOf, parentOrigin } from './held-run.ts';
import type { KnownRuns } from './known-runs.ts';
import { pinned } from './pinned-workers.ts';
import type { SharedRun } from './shared-run.ts';
import { tellExtended } from './tell-extended.ts';
import { isUnderWay, type News } from './turns.ts';

interface Options {
  readonly context: Omit<HeldRunContext, 'ended'>;
  readonly journal: SharedJournal<Work>;
  readonly known: KnownRuns;
}

export interface ClaimedWork {
  /** Does it and settles it. Rejects when it could not be settled: then it is left to others. */
  perform(claim: Claim): Promise<void>;
  /** Stops the attempt if it is under way in this process. */
  stop(run: string, step: string, reason: StopReason): boolean;
  /** Whether an attempt of the step is under way in this process. */
  has(run: string, step: string): boolean;
  /** The claim belongs to this process no more. */
  lose(claim: Claim): void;
  /** From now on attempts are stopped, those to come too. */
  drain(): void;
  /** Resolves when what is under way now is over. */
  over(): Promise<void>;
  isBusy(): boolean;
}

/**
 * What this process has claimed from the queue.
 *
 * Invariants
 * 1. A claim that somebody died over is not performed: its death is appended, and the decision tries again, or asks.
 * 2. An attempt that was to end before it arrived here ends here: a decision says so once, to whoever had it then.
 */
export function createClaimedWork({ context, journal, known }: Options): ClaimedWork {
  const { gate, children } = context;
  const attempts = new Map<string, Attempt>();
  const claims = new Map<string, Attempt>();
  const underWay = new Set<Promise<void>>();
  let drained = false;

  async function performClaim(claim: Claim): Promise<void> {
    const assignment = assignmentOf(claim);
    switch (assignment.task) {
      case 'perform':
        return performAttempt(claim, assignment);
      case 'start':
        return startChild(claim, assignment);
      case 'report': {
        const run = await openAt(assignment);
        if (run !== undefined) await children.report(run.id, run.state);
        return settle(claim);
      }
    }
  }

  async function performAttempt(claim: Claim, assignment: TaskOf<'perform'>): Promise<void> {
    const { run: id, command, origin } = assignment;
    const { step, attempt: number, uses } = command;
    if (claim.deaths > 0) {
      // Invariant 1. Of what somebody died over the job says no more than which attempt it was.
      const run = await openAt(assignment);
      const repeatable = isRepeatable(gate, pinned(uses, run?.state.workers));
      const body = { type: 'step.interrupted', step, attempt: number, repeatable } as const;
      return tell(assignment, { body, attempt: number, claim });
    }
    let told: Promise<unknown> = Promise.resolve();
    const attempt = startAttempt(context, origin, command, (body) => {
      told = told.then(() => tellSpent(assignment, { body, attempt: number }));
    });
    const place = placeOf(id, step);
    attempts.set(place, attempt);
    claims.set(claim.id, attempt);
    if (drained) attempt.stop('closed');
    // Meanwhile the run is read, if it is not known.
    openAt(assignment)
      .then((run) => (run === undefined ? undefined : endIfTold(run, step)))
      .catch(() => undefined);
    try {
      const body = await attempt.result;
      // In the order in which it happened.
      await told;
      if (body === undefined) return;
      await tell(assignment, { body, attempt: number, claim });
      const run = await known.open(id);
      if (run !== undefined) await tellExtended(attempt, body, run.state);
    } finally {
      if (attempts.get(place) === attempt) attempts.delete(place);
      claims.delete(claim.id);
    }
  }

  /** Starting it twice finds it there, so whoever died over it has done no harm. */
  async function startChild(claim: Claim, assignment: TaskOf<'start'>): Promise<void> {
    const { command } = assignment;
    const run = await openAt(assignment);
    const waits = run?.state.steps.get(command.step)?.child === command.child && !isOver(run.state.status);
    if (run === undefined || !waits) return settle(claim);
    const body = await children.start(parentOrigin(run.id, run.workflow, run.state), command);
    if (body !== undefined) return run.tell({ body, attempt: command.attempt, claim });
    await settle(claim);
    await run.notice();
    await endIfTold(run, command.step);
  }

  /** Invariant 2. */
  async function endIfTold(run: SharedRun, step: string): Promise<void> {
    const values = context.values.open({ id: run.id, mode: run.state.mode });
    const moment = momentOf(context, run.id, values);
    const cancel = await cancelOf(run.workflow, run.state, moment, step, values);
    if (cancel !== undefined) run.carryOut([cancel]);
  }

  /** What nothing follows from in the run. */
  async function settle(claim: Claim): Promise<void> {
    const { run } = assignmentOf(claim);
    await journal.advance({ run, expected: 0, events: [], wakeAt: undefined, anyway: { settled: [claim] } });
  }

  /** The run, known at least as far as when the job was handed in, and looked at anew where it does not know of the attempt. */
  async function openAt(assignment: Assignment): Promise<SharedRun | undefined> {
    const run = await known.open(assignment.run);
    if (run !== undefined && !isKnownIn(run.state, assignment)) await run.notice();
    return run;
  }

  async function tell(assignment: Assignment, news: News<Claim> & { readonly claim: Claim }): Promise<void> {
    const run = await openAt(assignment);
    // Nobody knows this run: nothing can follow from it.
    await (run === undefined ? settle(news.claim) : run.tell(news));
  }

  /** What gets lost of it comes with the end of the attempt; why the run could not go on was said already. */
  async function tellSpent(assignment: Assignment, news: News<Claim>): Promise<void> {
    await openAt(assignment)
      .then((run) => run?.tell(news))
      .catch(() => undefined);
  }

  return {
    perform(claim) {
      const work = performClaim(claim).finally(() => underWay.delete(work));
      underWay.add(work);
      return work;
    },
    stop(run, step, reason) {
      const attempt = attempts.get(placeOf(run, step));
      attempt?.stop(reason);
      return attempt !== undefined;
    },
    has: (run, step) => attempts.has(placeOf(run, step)),
    lose: (claim) => claims.get(claim.id)?.stop('lost'),
    drain() {
      drained = true;
      for (const attempt of attempts.values()) attempt.stop('closed');
    },
    async over() {
      await Promise.allSettled([...underWay]);
    },
    isBusy: () => underWay.size > 0,
  };
}

function isKnownIn(state: RunState, assignment: Assignment): boolean {
  if (state.number < assignment.number) return false;
  if (assignment.task !== 'perform') return true;
  const { step, attempt } = assignment.command;
  return isUnderWay(state, step, attempt);
}

function placeOf(run: string, step: string): string {
  return `${run}\n${step}`;
}

type TaskOf<T extends Assignment['task']> = Extract<Assignment, { readonly task: T }>;
