import type { Trigger } from '@cadre/core';
import { dueTimes, jitterMs, nextDue, parseRule, type Rule } from '@cadre/kit/schedules';
import type { NewFiring, TriggerState } from '../ports/firing-store.ts';
import type { InboxContext } from './context.ts';

/** Further back than the clocks of two machines differ. */
const SET_BACK_MS = 60_000;
/** Later than this a firing is one that makes up for a time that was missed. */
const LATE_MS = 60_000;

export type Schedule = Trigger & { readonly on: { readonly kind: 'schedule' } };

export function isSchedule(trigger: Trigger): trigger is Schedule {
  return trigger.on.kind === 'schedule';
}

/**
 * Claims every time that is due, and answers when the next one is.
 *
 * Invariants
 * 1. What is due next stands in the store, and moving it on is the claim: of all processes one moves it.
 * 2. A firing has the time as its key: a clock that was set back, or a rule that was changed back, fires nothing again.
 * 3. Another rule, or another zone, is reckoned from now on at once.
 */
export async function fireSchedules(context: InboxContext): Promise<number | undefined> {
  const schedules = (await context.triggers()).filter(isSchedule).filter(({ enabled }) => enabled);
  if (schedules.length === 0) return undefined;
  const states = new Map((await context.firings.listStates()).map((state) => [state.trigger, state]));
  let next = Number.POSITIVE_INFINITY;
  for (const schedule of schedules) {
    const due = await fireSchedule(context, schedule, states.get(schedule.name));
    next = Math.min(next, due ?? next);
  }
  return Number.isFinite(next) ? next : undefined;
}

async function fireSchedule(
  context: InboxContext,
  schedule: Schedule,
  known: TriggerState | undefined,
): Promise<number | undefined> {
  const { firings, clock } = context;
  const now = clock.now();
  const state = known?.rule === ruleKey(schedule) ? known : await noteRule(context, schedule);
  if (state.paused || state.due === undefined) return undefined;
  const rule = ruleOf(schedule, state.since);
  const move = { trigger: schedule.name, rule: ruleKey(schedule), expected: state.due, now };
  if (state.due > now) {
    const sooner = now < state.movedAt - SET_BACK_MS ? nextDue(rule, now) : undefined;
    if (sooner === undefined || sooner >= state.due) return state.due;
    await firings.claim({ ...move, next: sooner, firings: [] });
    return sooner;
  }
  const { missed, missedWindowMs } = schedule;
  const windowMs = schedule.on.ifPast === 'run' ? now : missedWindowMs;
  const { due, next } = dueTimes(rule, { from: state.due, now, missed, windowMs });
  await firings.claim({ ...move, next, firings: due.map((time) => firingOf(schedule, time, now)) });
  return next;
}

/** Invariant 3. */
function noteRule({ firings, clock }: InboxContext, schedule: Schedule): Promise<TriggerState> {
  const now = clock.now();
  const rule = ruleOf(schedule, now);
  const isPast = rule.kind === 'once' && rule.at <= now;
  return firings.putRule(schedule.name, ruleKey(schedule), {
    now,
    due: isPast && schedule.on.ifPast === 'run' ? rule.at : nextDue(rule, now),
    ...(isPast && schedule.on.ifPast === 'refuse' ? { note: 'in_the_past' } : {}),
  });
}

export function firingOf(schedule: Schedule, due: number, now: number): NewFiring {
  const { name } = schedule;
  return {
    trigger: name,
    key: `due:${due}`,
    due,
    claimedAt: now,
    priority: schedule.priority,
    notBefore: due + jitterMs(name, due, schedule.jitterMs),
    event: {
      kind: 'schedule',
      name,
      due: new Date(due).toISOString(),
      ...(now - due > LATE_MS ? { late: true } : {}),
    },
  };
}

export function ruleKey({ on, timeZone = 'UTC' }: Schedule): string {
  return `${on.rule} (${timeZone})`;
}

const rules = new Map<string, Rule>();
const MOST_RULES = 1_000;

/** `in 2h` counts from when the rule was first seen. */
export function ruleOf(schedule: Schedule, since: number): Rule {
  const key = `${ruleKey(schedule)} ${since}`;
  const known = rules.get(key);
  if (known !== undefined) return known;
  if (rules.size >= MOST_RULES) rules.clear();
  const { on, timeZone } = schedule;
  const rule = parseRule(on.rule, { now: since, ...(timeZone === undefined ? {} : { timeZone }) });
  rules.set(key, rule);
  return rule;
}
