import { createHash } from 'node:crypto';
import { canonicalJson, type Workflow } from '@cadre/core/history';
import type { RunStore } from '../ports/store.ts';

export interface Definitions {
  /** Stores a workflow, once. Answers its hash. */
  keep(workflow: Workflow): Promise<string>;
  /** Throws `not_found`. */
  get(hash: string): Promise<Workflow>;
}

/** Few workflows are run again and again; whoever runs more pays with time. */
const MOST_KEPT = 100;

/**
 * Definitions by their hash, each as one object for all its runs: core prepares a workflow once for each object, which
 * takes longer than to read it.
 */
export function createDefinitions(runs: RunStore): Definitions {
  const hashes = new WeakMap<Workflow, string>();
  const workflows = new Map<string, Workflow>();

  function remember(hash: string, workflow: Workflow): Workflow {
    const [oldest] = workflows.keys();
    if (workflows.size >= MOST_KEPT && oldest !== undefined) workflows.delete(oldest);
    workflows.set(hash, workflow);
    return workflow;
  }

  return {
    async keep(workflow) {
      const hash = hashes.get(workflow) ?? hashOf(workflow);
      hashes.set(workflow, hash);
      if (workflows.has(hash)) return hash;
      await runs.putDefinition(hash, workflow);
      remember(hash, workflow);
      return hash;
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
