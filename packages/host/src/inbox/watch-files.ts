import type { Trigger } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import type { FileChange, WatchFiles } from '../ports/file-watch.ts';
import type { InboxContext } from './context.ts';
import { guarded } from './loop-guard.ts';

/** Where something never stops changing, what did is told after so long. */
const LONGEST_BATCH_MS = 10_000;
/** A watcher may tell of a change some time after it. */
const HEARD_LATE_MS = 1_000;
const MOST_FILES = 1_000;
const MOST_RUNS = 20;

type Watch = Trigger & { readonly on: { readonly kind: 'watch' } };

export function isWatch(trigger: Trigger): trigger is Watch {
  return trigger.on.kind === 'watch';
}

export interface Watcher {
  close(): Promise<void>;
}

/**
 * Makes one firing of the changes that come close to each other.
 *
 * Invariants
 * 1. While a run of the trigger goes on nothing is told, and then not what that run has changed by its own account.
 * 2. A batch that cannot be kept now is kept later, with what came meanwhile.
 */
export async function openWatcher(
  context: InboxContext & { readonly watchFiles: WatchFiles; readonly root: string },
  trigger: Watch,
  fired: () => void,
): Promise<Watcher> {
  const { clock, firings, engine } = context;
  const { paths, ignore, debounceMs, initial } = trigger.on;
  const batch = new Map<string, FileChange['change']>();
  let first = 0;
  let takeBack: (() => void) | undefined;
  let working: Promise<void> = Promise.resolve();
  let closed = false;

  function arm(): void {
    takeBack?.();
    if (closed) return;
    const at = Math.min(clock.now() + debounceMs, Math.max(first + LONGEST_BATCH_MS, clock.now() + 1));
    takeBack = clock.wakeAt(at, () => {
      takeBack = undefined;
      working = working.then(tell).catch((error: unknown) => {
        context.warn('changes of files could not be told', { trigger: trigger.name, error: String(error) });
        arm();
      });
    });
  }

  async function tell(): Promise<void> {
    const recent = await firings.list({ trigger: trigger.name, limit: MOST_RUNS });
    if (recent.some(({ status }) => status === 'running')) {
      first = clock.now();
      return arm();
    }
    const since = first - HEARD_LATE_MS;
    const own = new Set<string>();
    for (const { run, endedAt = 0 } of recent) {
      if (run === undefined || endedAt < since) continue;
      for (const { effects } of await engine.effects(run)) for (const effect of effects) addPath(own, effect);
    }
    const changes = [...batch].filter(([path]) => !isOwn(own, path));
    batch.clear();
    if (changes.length === 0) return;
    const now = clock.now();
    const files: JsonValue = changes.slice(0, MOST_FILES).map(([path, change]) => ({ path, change }));
    const firing = {
      trigger: trigger.name,
      key: clock.newId('watch'),
      due: now,
      claimedAt: now,
      priority: trigger.priority,
      notBefore: now,
      event: {
        kind: 'watch',
        name: trigger.name,
        due: new Date(now).toISOString(),
        files,
        count: changes.length,
      },
    };
    await firings.add(await guarded(context, firing));
    fired();
  }

  const stop = await context.watchFiles({
    root: context.root,
    paths,
    ignore,
    initial,
    hear({ path, change }) {
      if (batch.size === 0) first = clock.now();
      batch.set(path, merge(batch.get(path), change));
      arm();
    },
    failed: (error) =>
      context.warn('files cannot be watched', { trigger: trigger.name, error: String(error) }),
  });
  return {
    async close() {
      closed = true;
      takeBack?.();
      await stop();
      await working;
    },
  };
}

/** A new file that is written to is still a new one. */
function merge(before: FileChange['change'] | undefined, change: FileChange['change']): FileChange['change'] {
  if (before === 'added' && change === 'changed') return 'added';
  return before === 'removed' && change === 'added' ? 'changed' : change;
}

function addPath(paths: Set<string>, effect: unknown): void {
  if (typeof effect !== 'object' || effect === null || !('kind' in effect) || effect.kind !== 'file') return;
  if ('path' in effect && typeof effect.path === 'string') paths.add(effect.path.replace(/\/$/, ''));
}

/** An effect may be a whole folder. */
function isOwn(own: ReadonlySet<string>, path: string): boolean {
  const parts = path.split('/');
  return parts.some((_, index) => own.has(parts.slice(0, index + 1).join('/')));
}
