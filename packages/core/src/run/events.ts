import type { Failure, JsonObject, JsonValue } from '@cadre/sdk';
import type { ArtifactReference } from '../artifact/artifact-reference.ts';
import type { Amount, LimitName } from '../budget/limits.ts';
import type { Usage } from '../budget/usage.ts';
import type { Budget } from '../workflow/workflow.ts';
import type { KeptVersions } from './kept-versions.ts';

/**
 * Everything that can have happened in a run. Appended, numbered without gaps from 1, never changed.
 * `step` is the path of a step: `test`, `scan/code` (branch of a parallel), `each/3/lint` (element 3 of a forEach),
 * `ready/3/poll` (going-through 3 of a repeat), `kind/0/fix` (branch 0 of a choose), `push/~recover/rebase`,
 * `book/~compensate/unbook`, `~onFailure/tell`, `~finally/unlock`.
 * `at` is milliseconds since 1970 and stands on every event. Any JsonValue in an event may be, or hold, an ArtifactReference.
 */
export type RunEvent = { readonly at: number } & RunEventBody;

export type RunEventBody =
  | {
      readonly type: 'run.created';
      readonly workflow: string;
      /** Hash of the stored definition. */
      readonly definition: string;
      readonly inputs: JsonObject;
      readonly mode: 'apply' | 'plan';
      readonly trigger: JsonObject;
      readonly principal: string;
      /** What whoever started it allows at most, besides the workflow; each set narrows. */
      readonly permissionSets?: readonly (readonly string[])[];
      /** What whoever started it grants at most; the workflow's own budget narrows further. */
      readonly budget?: Budget;
      /** When four fifths of a limit are used nothing more begins under it before a person allows that. */
      readonly asksForBudget?: true;
      /** The group that it stands in, where its workflow has one: it begins when nobody stands before it. */
      readonly group?: string;
      /** Added to that of each of its steps. */
      readonly priority?: number;
      /** The commit that the workspace stood at, where it is a checkout. */
      readonly commit?: string;
      /** Results taken over from an earlier run by `rerun --from`. */
      readonly reused?: { readonly run: string; readonly steps: Readonly<Record<string, JsonValue>> };
      /** No step is answered with a kept result of an earlier run, and none is kept. */
      readonly noCache?: true;
      /** Versions, by id, of the workers that did not come with Cadre: it goes on with these until it ends. */
      readonly workers?: KeptVersions;
    }
  | { readonly type: 'run.started' }
  | { readonly type: 'run.resumed'; readonly holder: string }
  | { readonly type: 'run.cancelling'; readonly by: string; readonly reason: string }
  /** Somebody told the run something. A step that waits for it, now or later, takes it; each is taken once. */
  | { readonly type: 'run.signalled'; readonly topic: string; readonly data: JsonValue; readonly by: string }
  /** A person gave the run another priority than it had. */
  | { readonly type: 'run.prioritised'; readonly priority: number; readonly by: string }
  /** Four fifths of a limit are used: of the budget of the step `scope`, or of the run's own where that is empty. */
  | {
      readonly type: 'run.warned';
      readonly scope: string;
      readonly limit: LimitName;
      readonly planned: Amount;
      readonly used: Amount;
    }
  /** It failed: what succeeded is undone, in this order, step by step. */
  | { readonly type: 'run.compensating'; readonly steps: readonly string[] }
  | { readonly type: 'run.succeeded'; readonly output: JsonValue }
  | { readonly type: 'run.failed'; readonly failure: Failure }
  | { readonly type: 'run.cancelled' }
  | { readonly type: 'run.timed_out' }
  /** An attempt is handed out: counted before it is performed. */
  | {
      readonly type: 'step.started';
      readonly step: string;
      readonly attempt: number;
      /** Of a step that is a run of its own: the id of that run. */
      readonly child?: string;
      /** What that run may use at most: nobody else gets it before it is over. */
      readonly reserved?: Budget;
      /** It is counted as an action, where those are limited. */
      readonly usage?: Usage;
    }
  /** What the attempt under way has used so far, all in all; told where it comes closer to a limit. */
  | {
      readonly type: 'step.spent';
      readonly step: string;
      readonly attempt: number;
      readonly usage: Usage;
    }
  /** A container (parallel, forEach, repeat, choose) opened: what was decided when it did. */
  | {
      readonly type: 'step.opened';
      readonly step: string;
      readonly items?: readonly JsonValue[] | ArtifactReference;
      readonly branch?: number;
      readonly repeats?: true;
      /** Of an element that is over only its output is kept in the state, of a going-through that is over nothing. */
      readonly compact?: true;
      /** When its time is up, where the step has a time limit of its own. */
      readonly deadline?: number;
    }
  /** A repeat begins its going-through number `iteration`, from 1; a compact one forgets the one before. */
  | { readonly type: 'step.iterating'; readonly step: string; readonly iteration: number }
  /** The next going-through begins at `dueAt`. */
  | { readonly type: 'step.pausing'; readonly step: string; readonly dueAt: number }
  /**
   * A step inside failed for good: nothing new begins in this container, what runs there is cancelled, and then it ends
   * with this failure. It may also be a list of steps, such as `each/3`, `kind/0`, `~onFailure`; the workflow's own list has
   * the empty path.
   */
  | { readonly type: 'step.failing'; readonly step: string; readonly failure: Failure }
  | {
      readonly type: 'step.succeeded';
      readonly step: string;
      readonly output: JsonValue;
      /** Nothing was performed: it is the kept result of the run `cachedFrom`. */
      readonly cached?: true;
      readonly cachedFrom?: string;
      /** What was counted when the attempt began, and is given back because nothing was performed. */
      readonly unused?: Usage;
      /** What the attempt used all in all, in this and the other events that end one; of a run of its own, the whole run. */
      readonly usage?: Usage;
    }
  | { readonly type: 'step.failed'; readonly step: string; readonly failure: Failure; readonly usage?: Usage }
  | {
      readonly type: 'step.timed_out';
      readonly step: string;
      readonly failure: Failure;
      readonly usage?: Usage;
    }
  | { readonly type: 'step.cancelled'; readonly step: string; readonly usage?: Usage }
  /**
   * Neither success nor failure: it is over and its output is null. `reason`: `if`, `held`, `no branch holds`,
   * `after_failure`, `cancelled`, `timed_out` (the run's time), or what its action said: `tool_missing: ruff is not installed`.
   */
  | {
      readonly type: 'step.skipped';
      readonly step: string;
      readonly reason: string;
      readonly usage?: Usage;
    }
  /** An attempt failed and another will be made at `dueAt`. */
  | {
      readonly type: 'step.retrying';
      readonly step: string;
      readonly attempt: number;
      readonly failure: Failure;
      readonly dueAt: number;
    }
  /** Nothing goes on until a person answers, or until a time or an event comes. One of the two is there. */
  | {
      readonly type: 'step.waiting';
      readonly step: string;
      readonly question?: Question;
      readonly wait?: Wait;
      /** When the time that its budget gives it is up. */
      readonly deadline?: number;
    }
  /** What a step waited for came: its time, or the signal with this number in the journal. */
  | { readonly type: 'step.woken'; readonly step: string; readonly by: string; readonly signal?: number }
  /** A person gave an attempt that waits a priority of its own, which those that follow it keep. */
  | {
      readonly type: 'step.prioritised';
      readonly step: string;
      readonly priority: number;
      readonly by: string;
    }
  /** Somebody else is to answer. */
  | { readonly type: 'step.delegated'; readonly step: string; readonly by: string; readonly to: string }
  | {
      readonly type: 'step.answered';
      readonly step: string;
      readonly by: string;
      readonly answer: 'allow' | 'deny' | 'retry' | 'continue' | 'abort';
      readonly data?: JsonValue;
    }
  /** The process that performed the attempt died; nobody knows how far it came. `repeatable`: trying again is safe. */
  | {
      readonly type: 'step.interrupted';
      readonly step: string;
      readonly attempt: number;
      readonly repeatable: boolean;
      readonly usage?: Usage;
    };

/** A question that only a person may answer. */
export interface Question {
  /** `approval` and `budget`: allow or deny · `escalated`: retry, continue or abort · `interrupted` and `quarantined`: retry or abort. */
  readonly kind: 'approval' | 'budget' | 'interrupted' | 'escalated' | 'quarantined';
  readonly prompt: string;
  readonly form?: JsonObject;
  readonly deadline?: number;
  readonly default?: 'allow' | 'deny' | 'retry' | 'continue' | 'abort';
  /** Who may answer; absent: whoever may answer approvals. */
  readonly delegates?: readonly string[];
  readonly failure?: Failure;
}

const ANSWERS = {
  approval: ['allow', 'deny'],
  budget: ['allow', 'deny'],
  escalated: ['retry', 'continue', 'abort'],
  interrupted: ['retry', 'abort'],
  quarantined: ['retry', 'abort'],
} as const satisfies Readonly<Record<Question['kind'], readonly string[]>>;

/** What may be answered to a question; nothing where nothing is asked. */
export function answersTo(question: Question | undefined): readonly string[] {
  return question === undefined ? [] : ANSWERS[question.kind];
}

/** What a `wait` waits for: a time, or an event until a time. */
export interface Wait {
  readonly until?: number;
  readonly topic?: string;
  /** When it has waited too long for its event. */
  readonly deadline?: number;
}

export type NumberedEvent = { readonly number: number } & RunEvent;
