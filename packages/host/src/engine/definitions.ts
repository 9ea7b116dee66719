import { createHash } from 'node:crypto';
import { canonicalJson, type Workflow } from '@cadre/core/history';
import type { Clock } from '../ports/clock.ts';
import type { RunStore } from '../ports/store.ts';
import { UNNAMED_DEFINITION_MS } from '../ports/upkeep.ts';

export interface Definitions {
  /** Stores a workflow, so that a run can be created with it from now on. Answers its hash. */
  keep(workflow: Workflow): Promise<string>;
  /** No run could be created with it: who knows whether it is still there. */
  doubt(hash: string): void;
  /** Throws `not_found`. */
  get(hash: string): Promise<Workflow>;
}

/** Few workflows are run again and again; whoever runs more pays with time. */
const MOST_KEPT = 100;

/** As long it is not said again that it is kept: half of what is needed, for clocks that differ. */
const SAID_FOR_MS = UNNAMED_DEFINITION_MS / 2;

/**
 * Definitions by their hash, each as one object for all its runs: core prepares a workflow once for each object, which
 * takes longer than to read it.
 */
export function createDefinitions(runs: RunStore, clock: Clock): Definitions {
  const hashes = new WeakMap<Workflow, string>();
  const workflows = new Map<string, Workflow>();
  /** When it was said of a definition that it is kept. */
  const said = new Map<string, number>();

  function remember(hash: string, workflow: Workflow): Workflow {
    const [oldest] = workflows.keys();
    if (workflows.size >= MOST_KEPT && oldest !== undefined) forget(oldest);
    workflows.set(hash, workflow);
    return workflow;
  }

  function forget(hash: string): void {
    workflows.delete(hash);
    said.delete(hash);
  }

  return {
    async keep(workflow) {
      const hash = hashes.get(workflow) ?? hashOf(workflow);
      hashes.set(workflow, hash);
      const now = clock.now();
      if (now - (said.get(hash) ?? Number.NEGATIVE_INFINITY) < SAID_FOR_MS) return hash;
      await runs.putDefinition(hash, workflow, now);
      if (!workflows.has(hash)) remember(hash, workflow);
      said.set(hash, now);
      return hash;
    },
    doubt(hash) {
      said.delete(hash);
    },
    async get(hash) {
      return workflows.get(hash) ?? remember(hash, await runs.getDefinition(hash));
    },
  };
}

/** By way of JSON, so that keys without a value are left out and not hashed as null. */
function hashOf(workflow: Workflow): string {
  return createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(workflow))))
    .digest('hex');
}
