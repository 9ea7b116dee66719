import type { Definitions } from './definitions.ts';
import { SharedRun, type SharedRunContext } from './shared-run.ts';

/** States that are kept, so that a run's next step need not read its journal again. */
const MOST_KEPT = 5_000;

export interface KnownRuns {
  /** The run as it is known here; read when it is not. Undefined: there is no such run. */
  open(id: string): Promise<SharedRun | undefined>;
  /** Known without being read, if it is. */
  peek(id: string): SharedRun | undefined;
  keep(run: SharedRun): SharedRun;
  /** It is being made: whoever opens it waits for that, since nothing of it can be read before. */
  expect(id: string, made: Promise<SharedRun | undefined>): void;
  forget(id: string): void;
  /** It could not go on: it is read anew by whoever wants it next, and one who asks hears why. */
  fail(id: string, error: unknown): void;
  /** Throws, once, what the run could not go on for. */
  check(id: string): void;
  all(): Iterable<SharedRun>;
}

/**
 * The runs of a shared store that this process has in mind.
 *
 * Invariants
 * 1. A run is known at most once: whoever opens it meanwhile waits for the same reading.
 * 2. A run that anything goes on with, or that somebody waits for, is not forgotten.
 */
export function createKnownRuns(
  context: () => SharedRunContext,
  definitions: Definitions,
  known: () => void,
): KnownRuns {
  /** In the order of their last use. */
  const runs = new Map<string, SharedRun>();
  const loading = new Map<string, Promise<SharedRun | undefined>>();
  const failures = new Map<string, unknown>();

  async function load(id: string): Promise<SharedRun | undefined> {
    const { state } = await context().readOn(id, undefined);
    if (state === undefined) return undefined;
    return keep(new SharedRun(context(), id, await definitions.get(state.definition), state));
  }

  /** Invariant 1. */
  function expect(id: string, opening: Promise<SharedRun | undefined>): Promise<SharedRun | undefined> {
    const expected = opening.finally(() => loading.delete(id));
    expected.catch(() => undefined);
    loading.set(id, expected);
    return expected;
  }

  function keep(run: SharedRun): SharedRun {
    known();
    failures.delete(run.id);
    runs.set(run.id, run);
    if (runs.size > MOST_KEPT) forgetOldest();
    return run;
  }

  function forgetOldest(): void {
    for (const [id, run] of runs) {
      if (runs.size <= MOST_KEPT - MOST_KEPT / 10) return;
      // Invariant 2.
      if (run.idle) runs.delete(id);
    }
  }

  return {
    open(id) {
      const run = runs.get(id);
      if (run !== undefined) {
        runs.delete(id);
        runs.set(id, run);
        return Promise.resolve(run);
      }
      return loading.get(id) ?? expect(id, load(id));
    },
    peek: (id) => runs.get(id),
    keep,
    expect,
    forget: (id) => void runs.delete(id),
    fail(id, error) {
      runs.delete(id);
      failures.set(id, error);
    },
    check(id) {
      const error = failures.get(id);
      if (error === undefined) return;
      failures.delete(id);
      throw error;
    },
    all: () => runs.values(),
  };
}
