import { CadreError, type Workflow } from '@cadre/core/history';
import type { LeaseHolder } from '../ports/lease-store.ts';
import { createChildRuns } from './child-runs.ts';
import type { Definitions } from './definitions.ts';
import type { EngineOptions } from './engine.ts';
import type { Feed } from './feed.ts';
import { createGroups } from './groups.ts';
import type { HeldRunContext } from './held-run.ts';
import { type Liveness, liveness as livenessOf } from './holder.ts';
import { createHolding, type Holding } from './holding.ts';
import type { LargeValues } from './large-values.ts';
import { createSharing, type Sharing } from './sharing.ts';

export interface Opened {
  readonly holding: Holding;
  readonly sharing?: Sharing;
}

interface Options extends EngineOptions {
  readonly feed: Feed;
  readonly definitions: Definitions;
  readonly values: LargeValues;
  readonly cancel: (run: string, by: string, reason: string) => Promise<void>;
  /** What this makes, for the parts of it that start and wake runs. */
  readonly holding: () => Promise<Holding>;
}

/** What decides about runs and performs their steps in this process: the half of the engine that is opened late. */
export async function openHolding(options: Options): Promise<Opened> {
  const { store, gate, clock, workspace, holder, feed, definitions, values, places, cancel } = options;
  const attend = async (run: string) => (await options.holding()).attend(run);
  const children = createChildRuns({
    runs: store.runs,
    clock,
    values,
    findWorkflow: options.findWorkflow ?? noWorkflow,
    start: async (request) => (await options.holding()).start(request),
    attend,
    cancel,
  });
  const groups = createGroups({ store: store.groups, clock, cancel, attend });
  const context = {
    store,
    gate,
    clock,
    feed,
    workspace,
    commit: options.commit ?? (() => undefined),
    asksForBudget: options.asksForBudget ?? (async () => false),
    definitions,
    values,
    children,
    groups,
    places,
    holder: holder.holder,
  };
  // No two processes have the same id, so that one which is gone need not be looked for again.
  const gone = new Set<string>();
  const liveness = (lease: LeaseHolder): Liveness => {
    if (gone.has(lease.holder)) return 'gone';
    const found = options.liveness?.(lease) ?? livenessOf(lease, holder);
    if (found === 'gone') gone.add(lease.holder);
    return found;
  };
  const held = createHolding(
    (ended): HeldRunContext => ({ ...context, ended }),
    holder,
    liveness,
    options.sharing === undefined ? undefined : 'plan',
  );
  if (options.sharing === undefined) return { holding: held };
  // Work is handed to other processes by what the gate says of it.
  await gate.ready();
  const sharing = createSharing({ ...options.sharing, context, holding: held });
  return { holding: sharing, sharing };
}

async function noWorkflow(name: string): Promise<Workflow> {
  throw new CadreError('workflow_not_found', `there is no workflow "${name}" here`);
}
