import type { Trigger, Workflow } from '@cadre/core';
import type { Engine } from '../engine/engine.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { FiringStore } from '../ports/firing-store.ts';
import type { FiringRetention } from '../ports/prune-firings.ts';

/** What everything in this folder works with. */
export interface InboxContext {
  readonly firings: FiringStore;
  readonly events: EventStore;
  readonly engine: Pick<Engine, 'start' | 'cancel' | 'signal' | 'get' | 'record' | 'effects' | 'settled'>;
  readonly clock: Clock;
  /** Those that can be used, as they are declared now. */
  readonly triggers: () => Promise<readonly Trigger[]>;
  /** Throws `workflow_not_found` and `invalid_workflow`. */
  readonly findWorkflow: (name: string) => Promise<Workflow>;
  /** Runs of triggers that go on at once, over all processes; those that wait for a person do not count. */
  readonly atOnce: number;
  /** The setting `retention.firings`. */
  readonly retention: FiringRetention;
  readonly warn: (text: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** In whose name the runs of a trigger act: nobody's but its own, so it has what policy and grants give to it. */
export const principalOf = (trigger: string) => `trigger:${trigger}`;
