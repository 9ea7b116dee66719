import { walkSteps } from '@cadre/core/advance';
import type { Workflow } from '@cadre/core/history';
import type { Clock } from '../ports/clock.ts';
import type { Lease, LeaseHolder, LeaseStore } from '../ports/lease-store.ts';
import { type Liveness, mayBeTaken } from './holder.ts';
import type { LeaseKeeper } from './lease-keeper.ts';

/** Who performs what has been handed in, over all processes of a shared store. */
export interface Performers {
  /** This process performs from now on, and lets the others know; undefined: every class. */
  begin(classes: readonly string[] | undefined): Promise<void>;
  /** Classes that a run of the workflow needs and that nobody alive performs. */
  listMissing(workflow: Workflow, classOf: (uses: string) => string): Promise<readonly string[]>;
  end(): Promise<void>;
}

interface Options {
  readonly leases: Pick<LeaseStore, 'list'>;
  readonly keeper: LeaseKeeper;
  readonly clock: Clock;
  readonly holder: LeaseHolder;
  readonly liveness: (lease: LeaseHolder) => Liveness;
  readonly work: (classes: readonly string[] | undefined) => Promise<void>;
  readonly known: readonly string[];
}

/** Each performer holds one lease for each class: `work:cpu:PROCESS`, or `work:*:PROCESS` for all of them. */
const PREFIX = 'work:';
const EVERY = '*';

export function createPerformers(options: Options): Performers {
  const { leases, keeper, clock, holder } = options;
  const held: Lease[] = [];

  async function listPerformed(): Promise<ReadonlySet<string>> {
    const alive = (await leases.list()).filter(
      (lease) => lease.name.startsWith(PREFIX) && !mayBeTaken(lease, options.liveness(lease), clock.now()),
    );
    return new Set(alive.map(({ name, holder: id }) => name.slice(PREFIX.length, -id.length - 1)));
  }

  return {
    async begin(classes) {
      for (const className of classes ?? [EVERY]) {
        const taken = await keeper.take(`${PREFIX}${className}:${holder.holder}`);
        if (taken.ok) held.push(taken.lease);
      }
      await options.work(classes);
    },
    async listMissing(workflow, classOf) {
      const performed = await listPerformed();
      if (performed.has(EVERY)) return [];
      const { classes, open } = needsOf(workflow, classOf);
      const needed = open ? new Set([...classes, ...options.known]) : classes;
      return [...needed].filter((className) => !performed.has(className)).sort();
    },
    async end() {
      await Promise.all(held.splice(0).map((lease) => keeper.give(lease)));
    },
  };
}

interface Needs {
  readonly classes: ReadonlySet<string>;
  /** It runs other workflows, and nobody knows yet what those need. */
  readonly open: boolean;
}

function needsOf(workflow: Workflow, classOf: (uses: string) => string): Needs {
  const steps = walkSteps(workflow).map(({ step }) => step);
  const classes = steps.flatMap((step) => (step.kind === 'action' ? [step.class ?? classOf(step.uses)] : []));
  return { classes: new Set(classes), open: steps.some(({ kind }) => kind === 'workflow') };
}
