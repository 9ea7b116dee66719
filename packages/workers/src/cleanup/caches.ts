import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ActionContext,
  defineAction,
  type Finding,
  type Skipped,
  type StepReport,
  skip,
  toFailure,
} from '@cadre/sdk';
import { excluder } from '../tree/list-files.ts';
import { relativePath, resolveInside } from '../tree/safe-path.ts';
import { findLeftovers, type Leftover, type Protected } from './find-leftovers.ts';
import { GROUPS, type GroupName } from './groups.ts';
import { appendJournal, readJournal, trashFolder } from './journal.ts';
import { trackedPaths } from './tracked-paths.ts';
import { moveToTrash, settle } from './trash-moves.ts';

interface CachesInput {
  readonly path?: string;
  readonly groups?: readonly GroupName[];
  readonly nodeModules?: boolean;
  readonly olderThanDays?: number;
  readonly maxBytes?: number;
  readonly permanent?: boolean;
  readonly exclude?: readonly string[];
}

interface CachesReport extends StepReport {
  readonly groups: readonly GroupTotal[];
  readonly trash: string | null;
}

interface GroupTotal {
  readonly group: GroupName;
  readonly items: number;
  readonly files: number;
  readonly bytes: number;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Removes what tools make again by themselves, by default into the trash of this run. Skips with `nothing_to_do`.
 * What cannot be removed is named and does not stop the others.
 */
export const caches = defineAction(async (input: CachesInput, context): Promise<CachesReport> => {
  const root = await resolveInside(context.workspace, '.');
  const folder = trashFolder(context, context.run);
  if (context.mode === 'apply') for (const entry of await readJournal(folder)) await settle(folder, entry);
  const found = await search(input, root, context);
  const chosen = withinLimits(found.leftovers, input);
  if (chosen.length === 0 && found.protected.length === 0) throw skip('nothing_to_do', 'there are no caches');
  for (const { path, group, files, bytes } of chosen) {
    context.effect({ kind: 'file', change: 'deleted', path, files, bytes, group });
  }
  const failed =
    context.mode === 'preview' ? new Map<string, Skipped>() : await remove(input, root, chosen, context);
  const done = chosen.filter(({ path }) => !failed.has(path));
  const moved = context.mode === 'apply' && !input.permanent && done.length > 0;
  const metrics = { items: done.length, files: sum(done, 'files'), bytes: sum(done, 'bytes') };
  return {
    groups: totals(done),
    trash: moved ? context.run : null,
    summary: `${metrics.files} files (${metrics.bytes} bytes) in ${metrics.items} caches and leftovers`,
    changes: [],
    findings: found.protected.map(protectedFinding),
    metrics,
    artifacts: [],
    skipped: [...failed.values()],
  };
});

async function search(input: CachesInput, root: string, context: ActionContext) {
  const wanted = input.groups ?? GROUPS.filter((group) => group !== 'node_modules');
  const named = relativePath(root, await resolveInside(context.workspace, input.path ?? '.'));
  const start = named === '.' ? '' : named;
  return findLeftovers(start, {
    root,
    groups: new Set(input.nodeModules ? [...wanted, 'node_modules' as const] : wanted),
    tracked: await trackedPaths(context, root, start),
    isExcluded: excluder(input.exclude ?? []),
    now: Date.now(),
    signal: context.signal,
  });
}

/** By age, and of the rest the newest up to `maxBytes` stay. */
function withinLimits(leftovers: readonly Leftover[], input: CachesInput): Leftover[] {
  const latest = Date.now() - (input.olderThanDays ?? 0) * DAY_MS;
  const old = leftovers.filter(({ newestMs }) => input.olderThanDays === undefined || newestMs <= latest);
  if (input.maxBytes === undefined) return old;
  const newestFirst = old.toSorted((a, b) => b.newestMs - a.newestMs);
  let kept = 0;
  const first = newestFirst.findIndex(({ bytes }) => {
    kept += bytes;
    return kept > (input.maxBytes ?? 0);
  });
  return first === -1 ? [] : newestFirst.slice(first);
}

/** Answers what could not be removed. */
async function remove(
  input: CachesInput,
  root: string,
  chosen: readonly Leftover[],
  context: ActionContext,
): Promise<Map<string, Skipped>> {
  const failed = new Map<string, Skipped>();
  const folder = trashFolder(context, context.run);
  const paths = chosen.map(({ path }) => join(root, path));
  const entries = input.permanent ? [] : await appendJournal(folder, paths);
  for (const [index, { path }] of chosen.entries()) {
    context.signal.throwIfAborted();
    const entry = entries[index];
    try {
      if (entry === undefined) await rm(join(root, path), { recursive: true });
      else await moveToTrash(folder, entry);
    } catch (error) {
      const { message } = toFailure(error);
      failed.set(path, { tool: 'cleanup', reason: 'not_removed', message: `${path} stays: ${message}` });
    }
    context.progress({ label: 'removed', done: index + 1, total: chosen.length, unit: 'items' });
  }
  return failed;
}

function totals(leftovers: readonly Leftover[]): GroupTotal[] {
  return [...Map.groupBy(leftovers, ({ group }) => group)].map(([group, items]) => ({
    group,
    items: items.length,
    files: sum(items, 'files'),
    bytes: sum(items, 'bytes'),
  }));
}

function sum(leftovers: readonly Leftover[], key: 'files' | 'bytes'): number {
  return leftovers.reduce((total, leftover) => total + leftover[key], 0);
}

function protectedFinding({ path, why }: Protected): Finding {
  return {
    tool: 'cleanup',
    rule: 'protected',
    severity: 'info',
    confidence: 'high',
    file: path,
    message: `${path} looks like a cache and stays, because ${why}`,
  };
}
