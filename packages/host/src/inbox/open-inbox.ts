import { CadreError, type Trigger } from '@cadre/core';
import { nextDue, nextDues } from '@cadre/kit/schedules';
import type { JsonValue } from '@cadre/sdk';
import type { WatchFiles } from '../ports/file-watch.ts';
import type { FiringFilter, FiringRecord, TriggerState } from '../ports/firing-store.ts';
import type { SecretSource } from '../ports/secret-source.ts';
import { backfill } from './backfill.ts';
import { beginOne } from './begin-firings.ts';
import type { InboxContext } from './context.ts';
import { checkTopic, deliverEvents, isInternal } from './deliver-events.ts';
import { isSchedule, ruleKey, ruleOf } from './fire-schedules.ts';
import { createLoop } from './loop.ts';
import { createRateLimit } from './rate-limit.ts';
import { type Delivery, type Received, receiveWebhook } from './receive-webhook.ts';

export interface InboxOptions extends Omit<InboxContext, 'triggers' | 'findWorkflow'> {
  readonly triggers: InboxContext['triggers'];
  readonly findWorkflow: InboxContext['findWorkflow'];
  readonly secrets: SecretSource;
  readonly watchFiles: WatchFiles;
  readonly root: string;
  /** Deliveries of one webhook within a minute. */
  readonly mostPerMinute: number;
  /** Holds a name against every other process; undefined: another one has it. */
  readonly hold: (name: string) => Promise<{ release(): Promise<void> } | undefined>;
  /** How soon what other processes put into the store is noticed. */
  readonly pollMs?: number;
}

export interface TriggerView {
  readonly trigger: Trigger;
  readonly state?: TriggerState;
  /** The newest. */
  readonly last?: FiringRecord;
  readonly nextDue?: number;
}

/** Everything that starts runs without a person at the terminal. Verbs that name a trigger throw `trigger_not_found`. */
export interface Inbox {
  /** From now on fires what is due, watches files, deals with events, and starts runs; until `end`. */
  begin(): void;
  end(): Promise<void>;
  receive(delivery: Delivery): Promise<Received>;
  /** Tells event triggers and waiting steps. Throws `invalid_input`. */
  emit(topic: string, by: string, data: JsonValue): Promise<string>;
  list(): Promise<readonly TriggerView[]>;
  /** The next times of a schedule. Throws `invalid_usage` for other triggers. */
  next(name: string, count: number): Promise<readonly number[]>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** A firing by hand. */
  fire(name: string, by: string, data: JsonValue): Promise<FiringRecord>;
  /** Firings for all times from `from` until before `to` that have none. */
  backfill(name: string, from: number, to: number, plan: boolean): Promise<readonly number[]>;
  history(filter: FiringFilter): Promise<readonly FiringRecord[]>;
  /** Throws `not_found`, and `invalid_input` for one that is not dead. */
  replay(id: number): Promise<FiringRecord>;
  /** Begins one firing in this process; undefined: it stands in line, and whoever serves begins it. */
  beginNow(id: number): Promise<string | undefined>;
  /** Notes what became of runs that are over. */
  settle(): Promise<void>;
}

const CACHE_MS = 1_000;

export function openInbox(options: InboxOptions): Inbox {
  const { firings, events, clock } = options;
  const context = { ...options, ...cached(options), rate: createRateLimit(options.mostPerMinute) };
  const loop = createLoop(context);

  async function named(name: string): Promise<Trigger> {
    const trigger = (await options.triggers()).find((one) => one.name === name);
    if (trigger === undefined) {
      throw new CadreError('trigger_not_found', `there is no trigger "${name}"`, {
        hint: 'cadre trigger list',
      });
    }
    return trigger;
  }

  async function schedule(name: string) {
    const trigger = await named(name);
    if (isSchedule(trigger)) return trigger;
    throw new CadreError('invalid_usage', `${name} is no schedule: it is fired by ${trigger.on.kind}`);
  }

  async function upcoming(trigger: Trigger, state: TriggerState | undefined): Promise<number | undefined> {
    if (!isSchedule(trigger) || !trigger.enabled) return undefined;
    const now = clock.now();
    if (state?.rule === ruleKey(trigger)) return state.due;
    return nextDue(ruleOf(trigger, now), now);
  }

  return {
    begin: () => loop.begin(),
    end: () => loop.end(),
    async receive(delivery) {
      const received = await receiveWebhook(context, delivery);
      if (received.added) loop.nudge();
      return received;
    },
    async emit(topic, by, data) {
      checkTopic(topic);
      const id = clock.newId('event');
      await events.emit({ id, at: clock.now(), topic, by, data });
      await deliverEvents(context);
      loop.nudge();
      return id;
    },
    async list() {
      const states = new Map((await firings.listStates()).map((state) => [state.trigger, state]));
      const triggers = await options.triggers();
      return Promise.all(
        triggers.map(async (trigger) => {
          const state = states.get(trigger.name);
          const [last] = await firings.list({ trigger: trigger.name, limit: 1 });
          const due = await upcoming(trigger, state);
          return {
            trigger,
            ...(state === undefined || isInternal(state.trigger) ? {} : { state }),
            ...(last === undefined ? {} : { last }),
            ...(due === undefined ? {} : { nextDue: due }),
          };
        }),
      );
    },
    async next(name, count) {
      const trigger = await schedule(name);
      const state = await firings.findState(name);
      const now = clock.now();
      const first = await upcoming(trigger, state);
      if (first === undefined) return [];
      const rule = ruleOf(trigger, state?.rule === ruleKey(trigger) ? state.since : now);
      return nextDues(rule, Math.max(now, first - 1), count);
    },
    async pause(name) {
      await named(name);
      await firings.setPaused(name, true, clock.now());
    },
    async resume(name) {
      const trigger = await named(name);
      const now = clock.now();
      const state = await firings.findState(name);
      const isKnown = isSchedule(trigger) && state?.rule === ruleKey(trigger) && state.due !== undefined;
      // What was due during the pause is not made up for.
      await firings.setPaused(
        name,
        false,
        now,
        isKnown ? nextDue(ruleOf(trigger, state.since), now) : undefined,
      );
      loop.nudge();
    },
    async fire(name, by, data) {
      const trigger = await named(name);
      const now = clock.now();
      const { firing } = await firings.add({
        trigger: name,
        key: clock.newId('manual'),
        due: now,
        claimedAt: now,
        priority: trigger.priority,
        notBefore: now,
        event: { kind: 'manual', name, due: new Date(now).toISOString(), by, data },
      });
      loop.nudge();
      return firing;
    },
    backfill: async (name, from, to, plan) => backfill(context, await schedule(name), { from, to, plan }),
    history: (filter) => firings.list(filter),
    async replay(id) {
      const again = await firings.replay(id, clock.now());
      if (again !== undefined) {
        loop.nudge();
        return again;
      }
      const firing = await firings.find(id);
      if (firing === undefined) throw new CadreError('not_found', `there is no firing ${id}`);
      throw new CadreError('invalid_input', `the firing ${id} is ${firing.status} and not dead`, {
        hint: 'cadre trigger dead',
      });
    },
    async beginNow(id) {
      const firing = await firings.find(id);
      if (firing === undefined) throw new CadreError('not_found', `there is no firing ${id}`);
      const begun = await beginOne(context, firing);
      if ('run' in begun) return begun.run;
      return (await firings.find(id))?.run;
    },
    settle: () => loop.settle(),
  };
}

/** Hundreds of deliveries a second ask for the same few files. */
function cached({
  triggers,
  findWorkflow,
  clock,
}: InboxOptions): Pick<InboxContext, 'triggers' | 'findWorkflow'> {
  type Kept<T> = { readonly at: number; readonly value: Promise<T> };
  const remember = <T>(ask: (name: string) => Promise<T>) => {
    const kept = new Map<string, Kept<T>>();
    return (name: string): Promise<T> => {
      const found = kept.get(name);
      if (found !== undefined && clock.now() - found.at < CACHE_MS) return found.value;
      const value = ask(name);
      kept.set(name, { at: clock.now(), value });
      value.catch(() => kept.delete(name));
      return value;
    };
  };
  const all = remember(() => triggers());
  return { triggers: () => all(''), findWorkflow: remember(findWorkflow) };
}
