import { CadreError, inputsOfEvent, isCadreError, type Trigger, topicFits } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import type { Emitted, EndedRun } from '../ports/event-store.ts';
import { type InboxContext, principalOf } from './context.ts';
import { guarded } from './loop-guard.ts';

const MOST_AT_ONCE = 500;
const AGAIN_MS = 30_000;
/** What another process ended with an earlier time may be seen only now. */
const SETTLING_MS = 2_000;
/** Not the name of any trigger: how far the ends of runs have been looked at. */
const CURSOR = '~run-ends';

/** Throws `invalid_input` for what is no topic, and for topics that are Cadre's own. */
export function checkTopic(topic: string): void {
  if (!/^[\w-]+(\.[\w-]+)*$/.test(topic) || topic.length > 200) {
    throw new CadreError('invalid_input', `'${topic}' is no topic`, {
      hint: 'write parts of letters, digits, - and _ joined by dots, for example deploy.approved',
    });
  }
  if (topic.split('.')[0] === 'run') {
    throw new CadreError('invalid_input', `topics that begin with 'run' are told by Cadre itself`, {
      hint: 'choose another first part',
    });
  }
}

/** Tells event triggers and waiting steps what was emitted; each event is dealt with by one process. */
export async function deliverEvents(context: InboxContext): Promise<void> {
  for (;;) {
    const taken = await context.events.take(context.clock.now(), AGAIN_MS, MOST_AT_ONCE);
    for (const event of taken) await deliver(context, event);
    if (taken.length < MOST_AT_ONCE) return;
  }
}

async function deliver(context: InboxContext, event: Emitted): Promise<void> {
  const { events, engine } = context;
  for (const trigger of await context.triggers()) await fire(context, trigger, event);
  const waiting = (await events.listWaits(event.topic)).filter(({ topic }) => topicFits(topic, event.topic));
  for (const run of new Set(waiting.map((wait) => wait.run))) {
    await engine.signal(run, event.by, event.topic, event.data).catch((error: unknown) => {
      if (!isCadreError(error) || !['run_over', 'run_not_found'].includes(error.code)) throw error;
    });
  }
  await events.settle(event.id);
}

async function fire(context: InboxContext, trigger: Trigger, event: Emitted): Promise<void> {
  if (trigger.on.kind !== 'event' || !trigger.enabled || !topicFits(trigger.on.topic, event.topic)) return;
  // What a trigger does itself never starts it.
  if (event.by === principalOf(trigger.name)) return;
  const seen: JsonObject = {
    kind: 'event',
    name: trigger.name,
    due: new Date(event.at).toISOString(),
    topic: event.topic,
    by: event.by,
    data: event.data,
  };
  if (!holds(trigger, seen)) return;
  const now = context.clock.now();
  const firing = {
    trigger: trigger.name,
    key: `event:${event.id}`,
    due: event.at,
    claimedAt: now,
    priority: trigger.priority,
    notBefore: now,
    event: seen,
  };
  const isOfRun = event.topic.startsWith('run.');
  await context.firings.add(isOfRun ? await guarded(context, firing) : firing);
}

/** An expression that cannot be evaluated is told by the firing, which will be dead. */
function holds(trigger: Trigger, event: JsonObject): boolean {
  try {
    return inputsOfEvent(trigger, event) !== undefined;
  } catch (error) {
    if (isCadreError(error)) return true;
    throw error;
  }
}

/** Makes events of the runs that ended since it was last looked, where anybody wants to know. */
export async function noticeEnds(context: InboxContext): Promise<void> {
  const { firings, events, clock } = context;
  const now = clock.now();
  const { due: cursor = now } =
    (await firings.findState(CURSOR)) ?? (await firings.putRule(CURSOR, CURSOR, { now, due: now }));
  const ended = await events.listEnded(cursor, MOST_AT_ONCE);
  for (const run of ended) if (await isWanted(context, topicOf(run))) await events.emit(eventOf(run));
  const next = Math.min(ended.at(-1)?.endedAt ?? cursor, now - SETTLING_MS);
  if (next <= cursor) return;
  await firings.claim({ trigger: CURSOR, rule: CURSOR, expected: cursor, next, now, firings: [] });
}

async function isWanted({ triggers, events }: InboxContext, topic: string): Promise<boolean> {
  const told = (await triggers()).some(({ on }) => on.kind === 'event' && topicFits(on.topic, topic));
  return told || (await events.listWaits(topic)).some((wait) => topicFits(wait.topic, topic));
}

/** `run.hygiene.failed`. A dot in the name of a workflow would be one part more. */
function topicOf({ workflow, status }: EndedRun): string {
  return `run.${workflow.replaceAll('.', '-')}.${status}`;
}

function eventOf(run: EndedRun): Emitted {
  const { id, workflow, status, principal, endedAt, failureCode = null } = run;
  return {
    id: `run-end:${id}`,
    at: endedAt,
    topic: topicOf(run),
    by: principal,
    data: { run: id, workflow, status, failureCode },
  };
}

export const isInternal = (trigger: string) => trigger === CURSOR;
