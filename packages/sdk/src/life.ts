import { HOOKS, type Hook, type HookName, type Worker } from './define-worker.ts';
import { type Failure, toFailure } from './failure.ts';
import type { HookContext, WorkerMessage } from './protocol.ts';

export interface Life {
  /** Hooks that the worker has. */
  readonly hooks: readonly HookName[];
  /** Calls one and says what went wrong. Whatever is under way is told that its time is up. */
  run(hook: HookName, given: HookContext): Promise<Failure | undefined>;
  /** Calls what ends it and was not called yet, when nobody is there any more who would ask for it. */
  end(): Promise<void>;
}

/** Of those that nobody bounds from outside. */
const LIMIT_MS = { stop: 10_000, dispose: 5_000 };

/**
 * Calls the hooks of a worker.
 * Invariants:
 * 1. Each is called at most once, and one at a time is waited for.
 * 2. What was begun is ended: `stop` only after `start` succeeded, `dispose` after anything.
 */
export function createLife(worker: Worker, send: (message: WorkerMessage) => void): Life {
  const called = new Set<HookName>();
  let given: HookContext | undefined;
  /** Both of what begins it were asked for and went well, as far as there are any. */
  let isBegun = true;
  let current = new AbortController();

  async function run(hook: HookName, context: HookContext): Promise<Failure | undefined> {
    current.abort(new Error(`its time is up: ${hook} is next`));
    const controller = new AbortController();
    current = controller;
    given = context;
    const code: Hook | undefined = worker[hook];
    if (code === undefined || called.has(hook)) return undefined;
    if (hook === 'stop' && !(isBegun && (worker.start === undefined || called.has('start'))))
      return undefined;
    called.add(hook);
    try {
      await code.call(worker, {
        ...context,
        signal: controller.signal,
        log: (level, message, fields) =>
          send({ type: 'hook-log', hook, level, message, ...(fields === undefined ? {} : { fields }) }),
      });
      return undefined;
    } catch (error) {
      isBegun = false;
      return toFailure(error);
    }
  }

  return {
    hooks: HOOKS.filter((hook) => worker[hook] !== undefined),
    run,
    async end() {
      // Nothing was begun.
      if (given === undefined) return;
      for (const hook of ['stop', 'dispose'] as const) await within(LIMIT_MS[hook], run(hook, given));
    },
  };
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
