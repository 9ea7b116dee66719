import type { Command } from '@cadre/core/advance';
import { endOfAttempt, type RunEventBody, type Usage } from '@cadre/core/history';
import { type JsonValue, type Outcome, SKIPPED } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { Places, Wish } from '../ports/dispatch.ts';
import type { Gate, GateCall, Performed } from '../ports/gate.ts';
import type { LogLine } from '../ports/log-store.ts';
import type { Store } from '../ports/store.ts';
import { classOf, timeLimitOf } from './action-facts.ts';
import { notBegun, resultOf } from './attempt-result.ts';
import { createExtensionWriter, type ExtensionWriter } from './extension-writer.ts';
import type { Feed } from './feed.ts';
import type { LargeValues } from './large-values.ts';
import { createLineBuffer, type LineBuffer } from './line-buffer.ts';
import { performWhole } from './perform-whole.ts';
import { pinned } from './pinned-workers.ts';
import { type Meter, startMeter } from './start-meter.ts';

export type PerformStep = Extract<Command, { readonly type: 'perform-step' }>;

/** `over_time` and `over_budget`: of its budget. `closed`: this process ends. `lost`: another process has taken the run. */
export type StopReason =
  | 'timed_out'
  | 'run_timed_out'
  | 'over_time'
  | 'over_budget'
  | 'cancelled'
  | 'closed'
  | 'lost';

/** Of a `cancel-step`. */
export function stopReasonOf(reason: string): StopReason {
  return reason === 'timed_out' ? 'run_timed_out' : 'cancelled';
}

export interface Attempt {
  readonly number: number;
  /** Whether it has left the queue. */
  begun(): boolean;
  /** The first reason holds. */
  stop(reason: StopReason): void;
  /** What to append, after all that it logged and did was stored. Undefined when there is nothing left to say. */
  readonly result: Promise<RunEventBody | undefined>;
  /** Whether there are partial results of it. */
  extended(): boolean;
  /** Marks the end of its partial results: call it when the result stands in the journal. Never rejects. */
  told(result: RunEventBody): Promise<void>;
}

/** Tells of use before the attempt is over. */
export type TellSpent = (body: Extract<RunEventBody, { readonly type: 'step.spent' }>) => void;

export interface AttemptContext {
  readonly store: Store;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly places: Places;
  readonly feed: Feed;
  readonly values: LargeValues;
}

/** What a call needs to know of its run. */
export interface CallOrigin
  extends Pick<
    GateCall,
    'run' | 'root' | 'mode' | 'principal' | 'permissionSets' | 'workflow' | 'noCache' | 'workers'
  > {}

/**
 * Performs one attempt of a step through the gate.
 *
 * Invariants
 * 1. The time limit runs from the moment the attempt leaves the queue.
 * 2. What succeeded is told as succeeded, also when it was told to stop too late to be stopped.
 * 3. Lines, effects and large values are stored before the result is told.
 */
export function startAttempt(
  context: AttemptContext,
  origin: CallOrigin,
  decided: PerformStep,
  tellSpent: TellSpent,
): Attempt {
  const { workers } = origin;
  const wanted = workers === undefined ? decided : { ...decided, uses: pinned(decided.uses, workers) };
  const controller = new AbortController();
  let begun = false;
  let reason: StopReason | undefined;
  let pieces: ExtensionWriter | undefined;
  const stop = (why: StopReason) => {
    reason ??= why;
    controller.abort(reason);
  };

  async function run(): Promise<RunEventBody | undefined> {
    await context.gate.ready();
    const giveBack = await context.places.take(wishOf(context.gate, origin.run, wanted), controller.signal);
    try {
      if (controller.signal.aborted) return notBegun(wanted, reason);
      begun = true;
      return await perform({ ...wanted, timeoutMs: timeLimitOf(context.gate, wanted, workers) });
    } finally {
      giveBack?.();
    }
  }

  async function perform(command: PerformStep): Promise<RunEventBody | undefined> {
    const { clock, store, feed } = context;
    const lines = createLineBuffer(store.logs, clock, origin.run, () => feed.changed(origin.run));
    const { run } = origin;
    const { step, attempt, limits, timeoutMs } = command;
    const { wallMs = Number.POSITIVE_INFINITY } = limits ?? {};
    const late = wallMs < timeoutMs ? 'over_time' : 'timed_out';
    const takeBack = clock.wakeAt(clock.now() + Math.min(timeoutMs, wallMs), () => stop(late));
    const meter = startMeter(limitsBeside(limits), {
      closer: (usage) => tellSpent({ type: 'step.spent', step, attempt, usage }),
      exceeded: () => stop('over_budget'),
    });
    // Most actions never say anything before they are through.
    const extend = (piece: JsonValue) => {
      pieces ??= createExtensionWriter(store.streams, clock, { run, step, attempt }, () => feed.changed(run));
      return pieces.add(piece);
    };
    const hears = { lines, meter, extend };
    const performed = await callGate(context, origin, command, controller.signal, hears).finally(takeBack);
    if (reason === 'lost') return undefined;
    noteSkip(performed.outcome, (message) => lines.add(lineOf(context, command, 'warn', message)));
    if (lines.used || pieces !== undefined || performed.effects.length > 0) {
      const effects = putEffects(store, origin.run, command.step, performed.effects);
      await Promise.all([lines.close(), pieces?.flush(), effects]);
    }
    const body = resultOf(context.gate, command, performed, reason, meter);
    const usage = meter.used();
    return usage === undefined ? body : { ...body, usage };
  }

  async function told(result: RunEventBody): Promise<void> {
    const end = endOfAttempt({ at: 0, ...result }, decided.step, decided.attempt);
    // Where it cannot be marked now, whoever reads the stream does.
    if (end !== undefined) await pieces?.end(end).catch(() => undefined);
  }

  const extended = () => pieces !== undefined;
  return { number: decided.attempt, begun: () => begun, stop, result: run(), extended, told };
}

function callGate(
  context: AttemptContext,
  origin: CallOrigin,
  command: PerformStep,
  signal: AbortSignal,
  {
    lines,
    meter,
    extend,
  }: {
    readonly lines: LineBuffer;
    readonly meter: Meter;
    readonly extend: (piece: JsonValue) => Promise<void>;
  },
): Promise<Performed> {
  const { step, attempt, uses, input, idempotencyKey, permissionSets = [], cache, shard, priority } = command;
  const call: GateCall = {
    ...origin,
    step,
    attempt,
    uses,
    input,
    idempotencyKey,
    permissionSets: [...origin.permissionSets, ...permissionSets],
    env: command.env ?? {},
    ...(cache === undefined ? {} : { cache }),
    ...(shard === undefined ? {} : { shard }),
    ...(priority === undefined ? {} : { priority }),
    ...processLimits(command),
  };
  return performWhole(context, call, signal, {
    log: ({ level, message, fields }) => lines.add(lineOf(context, command, level, message, fields)),
    progress: (progress) => context.feed.progress(origin.run, { step, progress }),
    extend,
    spend: (usage) => meter.spend(command.limits?.actions === undefined ? withoutActions(usage) : usage),
    measure: meter.measure,
  });
}

/** The attempt itself was counted when it began; what it calls comes on top. */
function limitsBeside(limits: PerformStep['limits']): PerformStep['limits'] {
  return limits?.actions === undefined ? limits : { ...limits, actions: limits.actions - 1 };
}

/** They are counted only where they are limited. */
function withoutActions({ actions: _, ...usage }: Usage): Usage {
  return usage;
}

/** Measuring costs something, so that it is done only where something is limited. */
function processLimits({ limits = {} }: PerformStep): Pick<GateCall, 'limits'> {
  const { cpuMs, memoryBytes } = limits;
  if (cpuMs === undefined && memoryBytes === undefined) return {};
  return {
    limits: {
      ...(cpuMs === undefined ? {} : { cpuMs }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    },
  };
}

function lineOf(
  { clock }: AttemptContext,
  { step, attempt }: PerformStep,
  level: LogLine['level'],
  message: string,
  fields?: LogLine['fields'],
): LogLine {
  return { at: clock.now(), step, attempt, level, message, ...(fields === undefined ? {} : { fields }) };
}

async function putEffects(
  store: Store,
  run: string,
  step: string,
  effects: Performed['effects'],
): Promise<void> {
  if (effects.length > 0) await store.runs.putEffects(run, step, effects);
}

/** The event keeps the reason alone; what to do about it is for people, who read the log. */
function noteSkip(outcome: Outcome<JsonValue>, note: (message: string) => void): void {
  if (outcome.ok || outcome.failure.code !== SKIPPED) return;
  const { message, hint } = outcome.failure;
  note(hint === undefined ? message : `${message}; ${hint}`);
}

/** What an author did not say, the action's manifest does. */
export function wishOf(gate: Gate, run: string, command: PerformStep): Wish {
  const { step, uses, priority = 0 } = command;
  return { class: command.class ?? classOf(gate, uses), priority, run, step };
}
