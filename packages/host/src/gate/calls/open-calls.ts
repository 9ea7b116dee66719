import { isCadreError } from '@cadre/core';
import { duration, parseDuration } from '@cadre/kit/format';
import { type CalledAction, type Effect, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { GateObserver, Performed } from '../../ports/gate.ts';
import type { GateTools } from '../gate-tools.ts';
import { type CallStreams, handlesIn } from '../streams/open-stream-spool.ts';
import { describeSubject, type Subject } from '../subject.ts';
import { violationOf } from '../violation.ts';
import { CALL, type Refusals } from '../within-refusals.ts';
import { admitAction, callWithin, type FoundAction, type Repeats, refusedCall } from './admit-action.ts';
import { nameOfAction } from './chain.ts';
import { chainedAudit } from './chained-audit.ts';
import type { JointMeasure } from './joint-measure.ts';

/** A step and all that is called on its behalf make so many calls: what wants more is no part of a step. */
export const MOST_CALLS = 1_000;

/** Of one action under way at once; the others wait for their turn. */
const AT_ONCE = 4;

/** What a call that an action made has to know of those above it. */
export interface Above {
  /** Counts the calls of the whole step. */
  readonly made: { count: number };
  /** What was refused to any of them counts for all. */
  readonly refusals: Refusals;
  /** In a plan: one above works on the same copy, and tells what changed there. */
  readonly tellsChanges: boolean;
  /** It is performed, and not answered with a kept result. */
  begun(): void;
  /** In a plan: nobody can say what it would do. */
  unknown(): void;
}

export type PerformWithin = (
  subject: Subject,
  signal: AbortSignal,
  observer: GateObserver,
  tools: GateTools,
  above: Above,
) => Promise<Performed>;

interface CallsSettings {
  readonly subject: Subject;
  readonly signal: AbortSignal;
  readonly observer: GateObserver;
  readonly tools: GateTools;
  readonly streams: CallStreams;
  readonly measures: JointMeasure;
  readonly made: Above['made'];
  readonly refusals: Refusals;
  readonly tellsChanges: boolean;
  readonly perform: PerformWithin;
}

/**
 * Has actions performed that an action calls.
 * Invariants
 * 1. Each passes the whole gate, as what it is part of: principal, run, step, attempt and limits are those of its caller.
 * 2. When the caller has ended, so have they: what is still under way is stopped and waited for.
 * 3. What they did is told with their caller, once, whatever the caller makes of it.
 */
export interface Calls {
  answer(request: CalledAction): Promise<Outcome<JsonValue>>;
  /** Call it when the caller has ended. Throws what was a fault of Cadre in one of them. */
  end(): Promise<void>;
  effects(): readonly Effect[];
  /** Whether any was asked for. */
  wereMade(): boolean;
  /** In a plan: nobody can say what one of them would do, so neither what the caller would. */
  isUnknown(): boolean;
}

export function openCalls(settings: CallsSettings): Calls {
  const { subject: caller, signal, observer, tools, streams, measures, made, perform } = settings;
  const over = new AbortController();
  const effects: Effect[] = [];
  const underWay = new Set<Promise<unknown>>();
  const repeats: Repeats = new Map();
  const turns = takeTurns(AT_ONCE);
  let wereMade = false;
  let isUnknown = false;
  let fault: unknown;

  function admit(request: CalledAction, number: number): Outcome<FoundAction> {
    if (number <= MOST_CALLS) return admitAction(request, caller, { runner: tools.runner, streams });
    const why = {
      rule: `a step and all that is called for it make ${MOST_CALLS} calls at most`,
      fix: 'call less, or make steps of it: forEach performs one for each element',
    };
    return { ok: false, failure: refusedCall(request.uses.slice(0, LONGEST_NAME), caller, why) };
  }

  async function answer(request: CalledAction): Promise<Outcome<JsonValue>> {
    wereMade = true;
    made.count += 1;
    const number = made.count;
    const admitted = admit(request, number);
    if (!admitted.ok) {
      // What is beyond the bound stands in the record once, however many come at the same time.
      if (number <= MOST_CALLS + 1) await recordRefused(request, admitted.failure, caller, tools);
      return admitted;
    }
    // Numbered as they are asked for, and not as they get their turn.
    const call = callWithin(caller, request, repeats);
    const places = { ...caller.places, data: await tools.dataFolder(admitted.output.worker.manifest.id) };
    const subject = describeSubject(admitted.output, call, places, caller);
    return turns(() => performOne(subject, request));
  }

  async function performOne(subject: Subject, { timeoutMs }: CalledAction): Promise<Outcome<JsonValue>> {
    const name = nameOfAction(subject);
    const late = new AbortController();
    const all = AbortSignal.any([signal, over.signal, late.signal]);
    if (all.aborted) return stopped(name);
    const limit = Math.min(timeoutMs ?? Number.POSITIVE_INFINITY, ownLimit(subject));
    const takeBack = Number.isFinite(limit)
      ? tools.clock.wakeAt(tools.clock.now() + limit, () => late.abort('timed_out'))
      : () => undefined;
    const measured = measures.member();
    let isBlank = false;
    try {
      const performed = await perform(
        subject,
        all,
        {
          log: ({ message, ...line }) => observer.log({ ...line, message: `${name}: ${message}` }),
          progress: ({ label, ...update }) =>
            observer.progress({ ...update, label: label === undefined ? name : `${name}: ${label}` }),
          spend: (usage) => observer.spend(usage),
          measure: (usage) => measured.measure(usage),
        },
        { ...tools, audit: chainedAudit(tools.audit, subject) },
        {
          made,
          refusals: settings.refusals,
          tellsChanges: settings.tellsChanges,
          begun: () => observer.spend({ actions: 1 }),
          unknown() {
            isBlank = true;
          },
        },
      );
      effects.push(...performed.effects);
      isUnknown ||= isBlank;
      if (isBlank) return notPlanned(name);
      const { outcome, written = [] } = performed;
      if (!outcome.ok) return late.signal.aborted && !signal.aborted ? tooLate(name, limit) : outcome;
      streams.take(written, handlesIn(outcome.output));
      return outcome;
    } finally {
      takeBack();
      measured.end();
    }
  }

  return {
    answer(request) {
      if (over.signal.aborted) return Promise.resolve(stopped(request.uses));
      const answering = answer(request).catch((error: unknown): Outcome<JsonValue> => {
        if (isCadreError(error)) {
          const { code, message, hint } = error;
          return { ok: false, failure: failure(code, message, hint === undefined ? {} : { hint }) };
        }
        fault ??= error;
        return stopped(request.uses);
      });
      underWay.add(answering);
      return answering.finally(() => underWay.delete(answering));
    },
    async end() {
      over.abort('its caller has ended');
      await Promise.all(underWay);
      if (fault !== undefined) throw fault;
    },
    effects: () => effects,
    wereMade: () => wereMade,
    isUnknown: () => isUnknown,
  };
}

const LONGEST_NAME = 101;

function ownLimit({ action }: Subject): number {
  return action.timeout === undefined ? Number.POSITIVE_INFINITY : parseDuration(action.timeout);
}

/** So many at once, in the order in which they came. */
function takeTurns(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = places;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

function stopped(name: string): Outcome<never> {
  return { ok: false, failure: failure('cancelled', `${name} was stopped, since whoever called it was`) };
}

function tooLate(name: string, limit: number): Outcome<never> {
  const message = `${name} was stopped: it took longer than ${duration(limit)}`;
  const hint = 'give it more time where it is called, or have it do less';
  return { ok: false, failure: failure('timed_out', message, { hint }) };
}

/** Its caller would go on with an answer that nobody has. */
function notPlanned(name: string): Outcome<never> {
  const message = `what ${name} would do, and answer, is not known before it runs`;
  const hint = 'let this through: the plan then says that the effects are unknown';
  return { ok: false, failure: failure('not_planned', message, { hint }) };
}

/** As a wish of the caller: nothing of the one that it wanted was begun. */
async function recordRefused(
  { uses }: CalledAction,
  failed: Parameters<typeof violationOf>[0],
  { worker, action, call }: Subject,
  { audit, mask }: GateTools,
): Promise<void> {
  const target = mask.text(uses).slice(0, LONGEST_NAME);
  await audit.record({
    principal: call.principal,
    run: call.run,
    step: call.step,
    worker: worker.manifest.id,
    version: worker.manifest.version,
    action: action.name,
    operation: CALL,
    ...(violationOf(failed) ?? { rule: failed.code }),
    target,
    decision: 'denied',
    outcome: mask.text(failed.message),
  });
}
