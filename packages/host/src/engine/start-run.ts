import { createHash } from 'node:crypto';
import { apply, canonicalJson, decide, type RunEvent, type Workflow } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { RunStore } from '../ports/store.ts';
import { checkStart } from './check-start.ts';
import { HeldRun, type HeldRunContext, momentOf } from './held-run.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { leaseName } from './take-over.ts';

export interface StartRequest {
  readonly workflow: Workflow;
  readonly inputs: JsonObject;
  readonly mode: 'apply' | 'plan';
  /** What started it: `{ kind: 'manual' }`. */
  readonly trigger: JsonObject;
  readonly principal: string;
  /** Results of an earlier run that this one takes over, by step. */
  readonly reused?: { readonly run: string; readonly steps: Readonly<Record<string, JsonValue>> };
}

export interface Starter {
  /** Throws `not_built_yet` and `invalid_input`. */
  start(request: StartRequest, hold: (run: HeldRun) => void): Promise<string>;
}

export function createStarter(context: HeldRunContext, keeper: LeaseKeeper): Starter {
  const keepDefinition = definitionKeeper(context.store.runs);
  return {
    async start(request, hold) {
      const { workflow, mode, trigger, principal, reused } = request;
      const inputs = checkStart(workflow, request.inputs);
      const definition = await keepDefinition(workflow);
      const id = context.clock.newId('run');
      const created: RunEvent = {
        at: context.clock.now(),
        type: 'run.created',
        workflow: workflow.name,
        definition,
        inputs,
        mode,
        trigger,
        principal,
        ...(reused === undefined ? {} : { reused }),
      };
      const before = apply(undefined, { number: 1, ...created });
      // Decided before it is there, so that a run and its first steps are one append.
      const decision = decide(workflow, before, momentOf(context, id));
      const name = leaseName(id);
      const leasing = keeper.takeNew(name, id);
      const creating = context.store.runs.create(id, [created, ...decision.events]);
      const [lease] = await Promise.all([leasing, creating]).catch(async (error: unknown) => {
        await leasing.then((taken) => keeper.give(taken)).catch(() => undefined);
        throw error;
      });
      const run = new HeldRun(context, { id, workflow, state: decision.state, lease });
      hold(run);
      run.begin(decision.commands);
      return id;
    },
  };
}

/** Stores each definition once. Answers its hash. */
function definitionKeeper(runs: RunStore): (workflow: Workflow) => Promise<string> {
  const hashes = new WeakMap<Workflow, string>();
  const stored = new Set<string>();
  return async (workflow) => {
    const hash = hashes.get(workflow) ?? hashOf(workflow);
    hashes.set(workflow, hash);
    if (!stored.has(hash)) await runs.putDefinition(hash, workflow);
    stored.add(hash);
    return hash;
  };
}

/** By way of JSON, so that keys without a value are left out and not hashed as null. */
function hashOf(workflow: Workflow): string {
  return createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(workflow))))
    .digest('hex');
}
