import { type Budget, decide, groupOf, isLimitedWorkflow, type RunDecision } from '@cadre/core/advance';
import { CadreError } from '@cadre/core/errors';
import type { RunEvent, RunState, Workflow } from '@cadre/core/history';
import { apply } from '@cadre/core/replay';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { checkStart } from './check-start.ts';
import { decideLoaded } from './decide-loaded.ts';
import { HeldRun, type HeldRunContext, momentOf } from './held-run.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { versionsFor } from './pinned-workers.ts';
import { leaseName } from './take-over.ts';

export interface StartRequest {
  readonly workflow: Workflow;
  readonly inputs: JsonObject;
  readonly mode: 'apply' | 'plan';
  /** What started it: `{ kind: 'manual' }`. */
  readonly trigger: JsonObject;
  readonly principal: string;
  /** For a run whose id stands somewhere already; starting it again throws `exists`. */
  readonly id?: string;
  readonly permissionSets?: readonly (readonly string[])[];
  readonly budget?: Budget;
  readonly priority?: number;
  /** Every step is performed, whatever is kept of earlier runs. */
  readonly noCache?: boolean;
  /** Results of an earlier run that this one takes over, by step. */
  readonly reused?: { readonly run: string; readonly steps: Readonly<Record<string, JsonValue>> };
}

export interface Starter {
  /** Throws `not_built_yet` and `invalid_input`. */
  start(request: StartRequest, hold: (run: HeldRun) => void): Promise<string>;
}

export interface Created {
  readonly id: string;
  readonly created: Extract<RunEvent, { type: 'run.created' }>;
  /** False: it stands in a line behind others, and nothing may begin in it yet. */
  readonly admitted: boolean;
}

/**
 * The first event of a run, with its inputs checked, its definition kept, and its place in the line of its group. Throws
 * `not_built_yet`, `invalid_input`, `exists` and `group_busy`.
 */
export async function createdEvent(
  {
    gate,
    clock,
    definitions,
    groups,
    workspace,
    store,
    values,
    commit: commitNow,
    asksForBudget,
  }: Pick<
    HeldRunContext,
    | 'gate'
    | 'clock'
    | 'definitions'
    | 'groups'
    | 'workspace'
    | 'store'
    | 'commit'
    | 'values'
    | 'asksForBudget'
  >,
  request: StartRequest,
): Promise<Created> {
  const { workflow, mode, trigger, principal, reused, noCache, permissionSets, budget, priority } = request;
  const whole = checkStart(workflow, (await values.load(request.inputs)) as JsonObject);
  await refuseExisting(store, request.id);
  const definition = await definitions.keep(workflow);
  await gate.ready();
  const workers = versionsFor(gate, workflow);
  const id = request.id ?? clock.newId('run');
  const at = clock.now();
  const group = groupOf(workflow, { id, at, inputs: whole, trigger, workspace });
  const owner = { id, mode };
  const inputs = await values.keepEntries(owner, whole);
  const keptTrigger = await values.keepEntries(owner, trigger);
  await values.adopt(owner, inputs, reused);
  const { onConflict = 'queue' } = workflow.concurrency ?? {};
  const commit = commitNow();
  // Only who has a budget needs to know.
  const isLimited = budget !== undefined || isLimitedWorkflow(workflow);
  const asks = isLimited && (await asksForBudget());
  const admitted = group === undefined || (await groups.enter(group, id, onConflict));
  return {
    id,
    admitted,
    created: {
      at,
      type: 'run.created',
      workflow: workflow.name,
      definition,
      inputs,
      mode,
      trigger: keptTrigger,
      principal,
      ...(commit === undefined ? {} : { commit }),
      ...(reused === undefined ? {} : { reused }),
      ...(noCache === true ? { noCache } : {}),
      ...(workers === undefined ? {} : { workers }),
      ...(permissionSets === undefined || permissionSets.length === 0 ? {} : { permissionSets }),
      ...(budget === undefined ? {} : { budget }),
      ...(asks ? { asksForBudget: true as const } : {}),
      ...(priority === undefined ? {} : { priority }),
      ...(group === undefined ? {} : { group }),
    },
  };
}

/** A run before and after what follows from its first event, with its large values kept. In a line nothing follows yet. */
export async function decideFirst(
  context: Pick<HeldRunContext, 'clock' | 'workspace' | 'values'>,
  workflow: Workflow,
  { id, created, admitted }: Created,
): Promise<RunDecision & { readonly before: RunState }> {
  const before = apply(undefined, { number: 1, ...created });
  if (!admitted) return { before, state: before, events: [], commands: [] };
  const values = context.values.open({ id, mode: before.mode });
  const decision = await decideLoaded(values, () => decide(workflow, before, momentOf(context, id, values)));
  await values.write();
  return { before, ...decision };
}

/** Before it is put into a line, where it would be in its own way. */
async function refuseExisting({ runs }: HeldRunContext['store'], id: string | undefined): Promise<void> {
  if (id === undefined || (await runs.lastNumber(id)) === 0) return;
  throw new CadreError('exists', `there is a run ${id} already`);
}

export function createStarter(context: HeldRunContext, keeper: LeaseKeeper): Starter {
  return {
    async start(request, hold) {
      const made = await createdEvent(context, request);
      const { id, created, admitted } = made;
      const { workflow } = request;
      // Decided before it is there, so that a run and its first steps are one append.
      const decision = await decideFirst(context, workflow, made);
      const name = leaseName(id);
      const leasing = keeper.takeNew(name, id);
      const creating = context.store.runs.create(id, [created, ...decision.events]);
      const [taken] = await Promise.all([leasing, creating]).catch(async (error: unknown) => {
        context.definitions.doubt(created.definition);
        await leasing.then((one) => (one.ok ? keeper.give(one.lease) : undefined)).catch(() => undefined);
        throw error;
      });
      // It stood still after the run was there, and somebody has taken it over meanwhile: it goes on with them.
      if (!taken.ok) return id;
      const run = new HeldRun(context, { id, workflow, state: decision.state, lease: taken.lease, admitted });
      hold(run);
      run.begin(decision.commands);
      return id;
    },
  };
}
