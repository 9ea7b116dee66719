import { once } from '@cadre/core';
import type { Failure, HookContext, HookName, HostMessage, WorkerMessage } from '@cadre/sdk';
import { failedHook, lateHook } from './worker-failure.ts';

/** WRK-10 */
export const HOOK_LIMITS_MS: Readonly<Record<HookName, number>> = {
  init: 10_000,
  start: 10_000,
  stop: 10_000,
  dispose: 5_000,
};

export interface WorkerHooks {
  /** It has these, as its greeting said. */
  has(hooks: readonly HookName[]): void;
  hear(message: Extract<WorkerMessage, { type: 'hooked' }>): void;
  /** `init`, then `start`; what went wrong, after which nothing else is begun. */
  begin(): Promise<Failure | undefined>;
  /** `stop` of what was begun, then `dispose`; what went wrong first. The same answer however often it is asked. */
  end(): Promise<Failure | undefined>;
  /** The process is there no more. */
  gone(why: Failure): void;
  /** How long each took that is over. */
  readonly times: Readonly<Partial<Record<HookName, number>>>;
  /** Whether there is something to do at its end. */
  readonly hasEnd: boolean;
}

interface Options {
  readonly id: string;
  readonly context: HookContext;
  readonly limits: Readonly<Record<HookName, number>>;
  readonly send: (message: HostMessage) => void;
}

/**
 * Has a worker call its hooks, each within its time.
 * Invariants:
 * 1. One at a time is asked for. Whoever does not answer in time is not asked for another one but `dispose`.
 * 2. `dispose` is asked for however the others ended, as long as the process is there.
 */
export function createWorkerHooks({ id, context, limits, send }: Options): WorkerHooks {
  const times: Partial<Record<HookName, number>> = {};
  let names: readonly HookName[] = [];
  let isBegun = false;
  let isGone = false;
  let asked: { readonly hook: HookName; readonly settle: (failed: Failure | undefined) => void } | undefined;

  async function ask(hook: HookName): Promise<Failure | undefined> {
    if (!names.includes(hook) || isGone) return undefined;
    const began = performance.now();
    const { promise, resolve } = Promise.withResolvers<Failure | undefined>();
    asked = { hook, settle: resolve };
    const late = setTimeout(() => resolve(lateHook(id, hook, limits[hook])), limits[hook]);
    send({ type: 'hook', hook, context });
    const failed = await promise;
    clearTimeout(late);
    asked = undefined;
    times[hook] = Math.round(performance.now() - began);
    return failed;
  }

  return {
    times,
    get hasEnd() {
      return names.includes('stop') || names.includes('dispose');
    },
    has(hooks) {
      names = hooks;
    },
    hear({ hook, failure }) {
      if (asked?.hook === hook) asked.settle(failure);
    },
    async begin() {
      for (const hook of ['init', 'start'] as const) {
        const failed = await ask(hook);
        if (failed !== undefined) return failedHook(id, hook, failed);
      }
      isBegun = true;
      return undefined;
    },
    end: once(async () => {
      const stopped = isBegun ? await ask('stop') : undefined;
      const disposed = await ask('dispose');
      return stopped ?? disposed;
    }),
    gone(why) {
      isGone = true;
      asked?.settle(why);
    },
  };
}
