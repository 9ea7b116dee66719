import type { WatchFiles } from '../ports/file-watch.ts';
import { pruneFirings } from '../ports/prune-firings.ts';
import { beginFirings, startUnstarted } from './begin-firings.ts';
import type { InboxContext } from './context.ts';
import { deliverEvents, noticeEnds } from './deliver-events.ts';
import { fireSchedules } from './fire-schedules.ts';
import { settleFirings } from './settle-firings.ts';
import { createWatching } from './watching.ts';

export interface LoopContext extends InboxContext {
  readonly watchFiles: WatchFiles;
  readonly root: string;
  readonly hold: (name: string) => Promise<{ release(): Promise<void> } | undefined>;
  readonly pollMs?: number;
}

export interface Loop {
  begin(): void;
  /** Something may be begun now. */
  nudge(): void;
  settle(): Promise<void>;
  end(): Promise<void>;
}

const POLL_MS = 1_000;
const PRUNE_MS = 3_600_000;

/**
 * Invariants
 * 1. One turn at a time; what is told during one is looked at by the next.
 * 2. Everything that is to be done stands in the store: a turn that fails, and a process that dies, leave it to the next.
 * 3. Nothing is begun after `end` was asked for.
 */
export function createLoop(context: LoopContext): Loop {
  const { clock, pollMs = POLL_MS } = context;
  const watching = createWatching(context, nudge);
  let active = false;
  let turning: Promise<void> | undefined;
  let again = false;
  let looked = Number.NEGATIVE_INFINITY;
  let pruned = Number.NEGATIVE_INFINITY;
  let nextDueAt: number | undefined;
  let takeBack: (() => void) | undefined;

  function nudge(): void {
    if (!active) return;
    again = true;
    turning ??= turns().finally(() => {
      turning = undefined;
    });
  }

  async function turns(): Promise<void> {
    takeBack?.();
    takeBack = undefined;
    while (again && active) {
      again = false;
      await turn().catch((error: unknown) => {
        context.warn('triggers could not be looked at', { error: String(error) });
        looked = clock.now();
      });
    }
    if (active) await sleep();
  }

  async function turn(): Promise<void> {
    const now = clock.now();
    const isDue = nextDueAt !== undefined && nextDueAt <= now;
    if (isDue || now - looked >= pollMs) {
      looked = now;
      nextDueAt = await fireSchedules(context);
      await noticeEnds(context);
      await deliverEvents(context);
      await startUnstarted(context, started);
      await watching.follow();
    }
    if (active) await beginFirings(context, started);
    if (now - pruned >= PRUNE_MS) {
      pruned = now;
      // Between two cleanings, since a trigger may fire many times in a day. [FND-77]
      await pruneFirings(context, context.retention, now);
    }
  }

  async function sleep(): Promise<void> {
    const now = clock.now();
    const ready = await context.firings.nextReady(now).catch(() => undefined);
    if (!active || again) return;
    const at = Math.min(
      looked + pollMs,
      nextDueAt ?? Number.POSITIVE_INFINITY,
      ready ?? Number.POSITIVE_INFINITY,
    );
    takeBack = clock.wakeAt(Math.max(at, now + 1), nudge);
  }

  /** Its end makes room. How it ended is looked up in the store. */
  function started(run: string): void {
    context.engine.settled(run).then(nudge, nudge);
  }

  return {
    begin() {
      active = true;
      nudge();
    },
    nudge,
    settle: () => settleFirings(context),
    async end() {
      active = false;
      takeBack?.();
      await turning;
      takeBack?.();
      await watching.close();
    },
  };
}
