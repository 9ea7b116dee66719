import type { Clock } from '../ports/clock.ts';
import type { ProcessFigures } from '../ports/figures.ts';
import type { FigureStore } from '../ports/pool-store.ts';

/** How soon the others hear of what changed. */
const TELL_MS = 2_000;

export interface FigureTeller {
  /** What this process does now. */
  now(): ProcessFigures;
  /** From now on lets the other processes know; until `end`. */
  begin(): void;
  end(): Promise<void>;
}

interface Options {
  readonly store: FigureStore;
  readonly clock: Clock;
  readonly holder: { readonly holder: string; readonly host: string; readonly pid: number };
  readonly look: () => Omit<ProcessFigures, 'process' | 'host' | 'pid' | 'at'>;
  readonly failed: (error: unknown) => void;
}

/**
 * Lets the other processes of a workspace know what this one does.
 *
 * Invariants
 * 1. Nothing is written while nothing changes: whether a process lives is known by its leases.
 * 2. After `end` nothing is told any more, and what was told is gone.
 */
export function createFigureTeller({ store, clock, holder, look, failed }: Options): FigureTeller {
  let told = '';
  let telling = Promise.resolve();
  let takeBack: (() => void) | undefined;
  let ended = false;

  function now(): ProcessFigures {
    return { process: holder.holder, host: holder.host, pid: holder.pid, at: clock.now(), ...look() };
  }

  async function tell(): Promise<void> {
    const { at, ...rest } = now();
    const text = JSON.stringify(rest);
    if (text === told || ended) return;
    const isFirst = told === '' && isNothing(rest);
    told = text;
    if (!isFirst) await store.put({ at, ...rest }).catch(failed);
  }

  function next(): void {
    takeBack = clock.wakeAt(clock.now() + TELL_MS, () => {
      telling = tell();
      if (!ended) next();
    });
  }

  return {
    now,
    begin() {
      if (takeBack === undefined) next();
    },
    async end() {
      if (ended) return;
      ended = true;
      takeBack?.();
      await telling;
      if (told !== '') await store.remove([holder.holder]).catch(failed);
    },
  };
}

function isNothing({ pools, classes, reloads = [] }: Omit<ProcessFigures, 'at'>): boolean {
  return pools.length + classes.length + reloads.length === 0;
}
