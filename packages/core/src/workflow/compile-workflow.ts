import type { JsonValue } from '@cadre/sdk';
import { compileBudget, compileRetry, durationMs } from './compile-limits.ts';
import { compileSteps } from './compile-step.ts';
import type { WorkflowDocument, WorkflowSpec } from './document.ts';
import type { FindPosition } from './positions.ts';
import type { Retry, Workflow } from './workflow.ts';

const DEFAULT_RETRY: Retry = { attempts: 3, delayMs: 1_000, backoff: 2, maxDelayMs: 60_000, jitter: 'full' };
const DEFAULT_TIMEOUT_MS = 600_000;

/** A document that passed `DOCUMENT`, as the workflow that is stored and run. */
export function compileWorkflow({ metadata, spec }: WorkflowDocument, findPosition: FindPosition): Workflow {
  const retry = compileRetry(spec.defaults?.retry ?? {}, DEFAULT_RETRY);
  const timeout = spec.defaults?.timeout;
  const context = { retry, findPosition, nextId: idGiver(spec) };
  return {
    name: metadata.name,
    ...(metadata.description !== undefined && { description: metadata.description }),
    inputs: spec.inputs ?? {},
    mode: spec.mode ?? 'sequence',
    ...(spec.permissions !== undefined && { permissions: spec.permissions }),
    ...(spec.budget !== undefined && { budget: compileBudget(spec.budget) }),
    ...(spec.concurrency !== undefined && { concurrency: spec.concurrency }),
    defaults: { timeoutMs: timeout === undefined ? DEFAULT_TIMEOUT_MS : durationMs(timeout), retry },
    steps: compileSteps(spec.steps, ['spec', 'steps'], context),
    onFailure: compileSteps(spec.onFailure ?? [], ['spec', 'onFailure'], context),
    finally: compileSteps(spec.finally ?? [], ['spec', 'finally'], context),
    outputs: spec.outputs ?? {},
  };
}

/** `step-N` for the Nth step, or `step-N-2` where an author took that name for another. */
function idGiver(spec: WorkflowSpec): () => string {
  const taken = new Set(idsWithin(spec as unknown as JsonValue));
  let count = 0;
  return () => {
    count += 1;
    let id = `step-${count}`;
    for (let copy = 2; taken.has(id); copy += 1) id = `step-${count}-${copy}`;
    taken.add(id);
    return id;
  };
}

/** Every text under a key `id`. Those in the inputs of actions do no harm here. */
function idsWithin(value: JsonValue): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'id' && typeof inner === 'string' ? [inner] : idsWithin(inner),
  );
}
