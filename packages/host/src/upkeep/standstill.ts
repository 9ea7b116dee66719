import { answersTo } from '@cadre/core/advance';
import { isOver, type RunState, type StepState } from '@cadre/core/history';
import type { JournaledRun } from '../engine/journal.ts';
import type { Lease } from '../ports/lease-store.ts';

/** Why a run that is not over does not move. */
export interface Standstill {
  readonly reason:
    | 'cancelling'
    | 'line'
    | 'question'
    | 'event'
    | 'time'
    | 'retry'
    | 'pause'
    | 'child'
    | 'no_worker'
    | 'class_full'
    | 'performing'
    | 'unheld'
    /** No reason was found, which is itself a fault that should be reported. */
    | 'unexplained';
  /** One sentence. */
  readonly sentence: string;
  readonly step?: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** What happens next, or makes it happen. */
  readonly next: string;
  readonly nextAt?: number;
  /** Of its attempts those that wait for a place, those that are served next first. */
  readonly waiting?: readonly WaitingStep[];
}

/** WRK-35 */
export interface WaitingStep {
  readonly step: string;
  readonly class: string;
  /** 1: it is served next. */
  readonly position: number;
  /** How many wait of the class, where that is known. */
  readonly of?: number;
  /** The process that its shard lives in: it waits for no other. */
  readonly place?: string;
}

export interface StandstillFacts {
  /** Who holds the run, where runs are held. */
  readonly lease: Lease | undefined;
  readonly isDead: (lease: Lease) => boolean;
  /** Whether runs belong to one process: on a shared store they do not. */
  readonly isHeldByOne: boolean;
  /** Who stands first in the run's group. */
  readonly firstOf: (group: string) => Promise<string | undefined>;
  /** Classes that the run needs and nobody performs. */
  readonly listMissing: () => Promise<readonly string[]>;
  /** The class of a step's action, and its places in each process. */
  readonly placesFor: (step: string) => Promise<{ readonly class: string; readonly places: number }>;
  /** What of the run waits for a place; undefined: whoever performs it has not told yet. */
  readonly listWaiting: () => Promise<readonly WaitingStep[] | undefined>;
}

/** Undefined: the run is over. What a person has to do comes first, then what a time or another run brings. */
export async function standstillOf(
  run: string,
  { state }: JournaledRun,
  facts: StandstillFacts,
): Promise<Standstill | undefined> {
  if (isOver(state.status)) return undefined;
  const first =
    (await ofWholeRun(run, state, facts)) ??
    ofQuestion(run, state) ??
    (await ofAttempts(state, facts)) ??
    ofTimes(run, state);
  if (first !== undefined && !needsSomebody(first)) return first;
  return unheld(run, state, facts, first) ?? first ?? unexplained(run, state);
}

/** What a person, another run or another process brings about by itself, with nobody holding the run. */
const BY_ITSELF: ReadonlySet<Standstill['reason']> = new Set(['question', 'line', 'no_worker', 'class_full']);

function needsSomebody({ reason }: Standstill): boolean {
  return !BY_ITSELF.has(reason);
}

async function ofWholeRun(
  run: string,
  state: RunState,
  facts: StandstillFacts,
): Promise<Standstill | undefined> {
  if (state.status === 'cancelling') {
    return {
      reason: 'cancelling',
      sentence: 'it is being cancelled, and what is under way is ending',
      since: startOf(state),
      next: 'it is over as soon as that has ended',
    };
  }
  if (state.group === undefined || state.startedAt !== undefined) return undefined;
  const before = await facts.firstOf(state.group);
  if (before === undefined || before === run) return undefined;
  return {
    reason: 'line',
    sentence: `it stands in the line of the group ${state.group}, in which ${before} goes on first`,
    since: state.createdAt,
    next: `it begins when those before it are over (cadre show ${before})`,
  };
}

function ofQuestion(run: string, state: RunState): Standstill | undefined {
  const asked = stepsOf(state, state.waiting).find(([, { question }]) => question !== undefined);
  if (asked === undefined) return undefined;
  const [step, { question, startedAt }] = asked;
  const { delegates = [], deadline } = question ?? {};
  const kinds = {
    approval: 'an approval',
    budget: 'an approval, since most of a budget is used,',
    escalated: 'a decision',
    interrupted: 'a decision',
    quarantined: 'a decision',
  };
  const what = kinds[question?.kind ?? 'approval'];
  const whom = delegates.length === 0 ? 'somebody who may answer' : delegates.join(', ');
  const why = question?.kind === 'quarantined' ? ', because its attempts died again and again' : '';
  const given = question?.default === undefined ? '' : `; without an answer it is "${question.default}"`;
  return {
    reason: 'question',
    step,
    sentence: `${step} waits for ${what} of ${whom}${why}`,
    since: startedAt ?? startOf(state),
    next: `cadre answer ${run} ${answersTo(question).join('|')} --step ${step}${given}`,
    ...(deadline === undefined ? {} : { nextAt: deadline }),
  };
}

async function ofAttempts(state: RunState, facts: StandstillFacts): Promise<Standstill | undefined> {
  const [first] = stepsOf(state, state.running);
  if (first === undefined) return undefined;
  const [step, { child, startedAt }] = first;
  const since = startedAt ?? startOf(state);
  if (child !== undefined) {
    const next = `it goes on when that run is over (cadre show ${child})`;
    return { reason: 'child', step, sentence: `${step} is the run ${child}, which is not over`, since, next };
  }
  const known = await facts.listWaiting();
  const waiting = (known ?? []).toSorted((one, other) => one.position - other.position);
  const [served] = waiting;
  const begun = stepsOf(state, state.running).find(([path]) => !waiting.some((one) => one.step === path));
  if (served !== undefined && begun === undefined) return ofWaiting(served, waiting, since, facts);
  const performed = begun?.[0] ?? step;
  const by = facts.lease === undefined ? 'a worker' : `process ${facts.lease.pid} on ${facts.lease.host}`;
  const perhaps = known === undefined ? await orWaiting(performed, facts) : '';
  return {
    reason: 'performing',
    step: performed,
    sentence: `${performed} is being performed by ${by}${perhaps}`,
    since,
    next: 'its result decides what comes next (cadre logs --follow)',
    ...(waiting.length === 0 ? {} : { waiting }),
  };
}

/** Nobody has said yet how far it is. */
async function orWaiting(step: string, facts: StandstillFacts): Promise<string> {
  const { class: className, places } = await facts.placesFor(step);
  return `, or waits there for one of ${places} places of the class ${className}`;
}

/** Nothing of the run is performed: why the first of what waits is not. */
async function ofWaiting(
  first: WaitingStep,
  waiting: readonly WaitingStep[],
  since: number,
  facts: StandstillFacts,
): Promise<Standstill> {
  const { step, class: className } = first;
  if ((await facts.listMissing()).includes(className)) {
    const sentence = `no worker is there that performs work of the class ${className}`;
    return { reason: 'no_worker', step, sentence, since, next: `cadre work --class ${className}`, waiting };
  }
  return {
    reason: 'class_full',
    step,
    sentence: `${inLine(first)}: all places are taken`,
    since,
    next: 'it begins when one becomes free (earlier: cadre priority)',
    waiting,
  };
}

/** WRK-35: `a waits for a place of the class io, as number 3 of 12` */
export function inLine({ step, class: className, position, of, place }: WaitingStep): string {
  const where = place === undefined ? '' : ` in ${place}, where its shard lives`;
  return `${step} waits for a place of the class ${className}${where}, as number ${position}${of === undefined ? '' : ` of ${of}`}`;
}

type Timed = Omit<Standstill, 'nextAt'> & { readonly nextAt: number | undefined };

function ofTimes(run: string, state: RunState): Standstill | undefined {
  const times: Timed[] = [
    ...stepsOf(state, state.retrying).map(([step, { dueAt, endedAt, startedAt }]) => ({
      reason: 'retry' as const,
      step,
      sentence: `${step} has failed and is tried again`,
      since: endedAt ?? startedAt ?? startOf(state),
      next: 'its next attempt begins',
      nextAt: dueAt,
    })),
    ...stepsOf(state, state.pausing).map(([step, { dueAt, iteratedAt }]) => ({
      reason: 'pause' as const,
      step,
      sentence: `${step} pauses before it goes through again`,
      since: iteratedAt ?? startOf(state),
      next: 'it goes through again',
      nextAt: dueAt,
    })),
    ...stepsOf(state, state.waiting).flatMap(([step, { wait, startedAt }]): Timed[] => {
      if (wait === undefined) return [];
      const since = startedAt ?? startOf(state);
      if (wait.topic === undefined) {
        const sentence = `${step} waits for its time`;
        return [{ reason: 'time' as const, step, sentence, since, next: 'it goes on', nextAt: wait.until }];
      }
      const sentence = `${step} waits for the event ${wait.topic}`;
      const next = `cadre signal ${run} ${wait.topic}${wait.deadline === undefined ? '' : '; it gives up then'}`;
      return [{ reason: 'event' as const, step, sentence, since, next, nextAt: wait.deadline }];
    }),
  ];
  const [first] = times.sort((one, other) => (one.nextAt ?? Infinity) - (other.nextAt ?? Infinity));
  if (first === undefined) return undefined;
  const { nextAt, ...rest } = first;
  return nextAt === undefined ? rest : { ...rest, nextAt };
}

/** Only a process that holds the run notices times and results; who has died notices nothing. */
function unheld(
  run: string,
  state: RunState,
  { lease, isDead, isHeldByOne }: StandstillFacts,
  first: Standstill | undefined,
): Standstill | undefined {
  if (!isHeldByOne) return undefined;
  if (lease !== undefined && !isDead(lease)) return undefined;
  const known = first === undefined ? '' : `; before that, ${first.sentence}`;
  return {
    reason: 'unheld',
    sentence:
      lease === undefined
        ? `no process holds it${known}`
        : `process ${lease.pid} on ${lease.host}, which held it, has ended${known}`,
    since: lease?.renewed ?? startOf(state),
    next: `cadre resume ${run}, or cadre serve, which takes it within a minute`,
    ...(first?.nextAt === undefined ? {} : { nextAt: first.nextAt }),
  };
}

function unexplained(run: string, state: RunState): Standstill {
  return {
    reason: 'unexplained',
    sentence: `no reason was found why ${run} does not move`,
    since: startOf(state),
    next: `this is a fault of Cadre: report it with what cadre show ${run} --events prints`,
  };
}

function stepsOf(state: RunState, paths: Iterable<string>): readonly (readonly [string, StepState])[] {
  return [...paths].flatMap((path) => {
    const step = state.steps.get(path);
    return step === undefined ? [] : [[path, step] as const];
  });
}

function startOf({ startedAt, createdAt }: RunState): number {
  return startedAt ?? createdAt;
}
