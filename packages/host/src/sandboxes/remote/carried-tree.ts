import { basename, dirname } from 'node:path';
import { type Failure, failure, type Outcome } from '@cadre/sdk';
import { describeEntry } from './describe-entry.ts';
import type { GrantedWays } from './granted-ways.ts';
import { guardedPlaces } from './guarded-places.ts';
import { openWay } from './hold-way.ts';
import { listTree, type TreeLimits, tooMuch } from './list-tree.ts';
import { placeChanges } from './place-changes.ts';
import type { Change, Entry } from './remote-protocol.ts';
import { createStampMemory } from './stamp-memory.ts';
import { applyChanges, isSame, treeChanges } from './tree-changes.ts';

/** The files here of which a program on another machine has copies. */
export interface CarriedTree {
  /** What the other side does not know yet. */
  changes(): Promise<Outcome<readonly Change[]>>;
  /** It knows it now. */
  brought(changes: readonly Change[]): void;
  /** The folder below which each path lies. */
  readonly top: string;
  /** Throws for a change that the program could not have made if it is confined as it was said. */
  check(change: Change): void;
  /** What was changed on both sides; undefined: nothing, and it is not too much. */
  problem(changes: readonly Change[]): Promise<Failure | undefined>;
  /** So many changes at most come to no more than may be carried. */
  mostChanges(): number;
  /** Makes the changes here. */
  place(changes: readonly Change[], contentOf: (hash: string) => string): Promise<void>;
}

const TOP = '/';
const MOST_NAMED = 20;

/**
 * Invariants
 * 1. Nothing is written but what was granted for writing, and no link is followed on the way to it.
 * 2. What somebody has changed here since it was brought is not overwritten.
 * 3. Nothing is removed or replaced that a box holds in its place.
 */
export function openCarriedTree(ways: GrantedWays, limits: TreeLimits): CarriedTree {
  const memory = createStampMemory();
  /** What the other side knows. */
  const base = new Map<string, Entry>();
  const impossible = guardedPlaces(ways);

  return {
    async changes() {
      const listed = await listTree({ top: TOP, ways, memory, limits, uncarried: 'skip' });
      return listed.ok ? { ok: true, output: treeChanges(base, listed.output) } : listed;
    },
    brought: (changes) => applyChanges(base, changes),
    top: TOP,
    check(change) {
      const { path } = change;
      const shown = JSON.stringify(path);
      if (ways.of(path) !== 'writable' || ways.isCache(path))
        throw new Error(`${shown} was changed there, and may not be written`);
      const why = impossible(change, base.get(path));
      if (why !== undefined) throw new Error(`${shown} was changed there, and ${why}`);
      if (change.kind === 'gone' && !base.has(path))
        throw new Error(`${shown} went there, and never was there`);
      if (change.kind === 'link' && !ways.staysInside(path, change.to))
        throw new Error(`${shown} became a link that leads out of what was granted`);
    },
    mostChanges: () => base.size + limits.files,
    async problem(changes) {
      const after = new Map(base);
      applyChanges(after, changes);
      const bytes = [...after.values()].reduce((sum, one) => sum + (one.kind === 'file' ? one.size : 0), 0);
      if (after.size > limits.files || bytes > limits.bytes) return tooMuch(limits, after.size, bytes);
      for (const { path } of changes) {
        const around = after.get(dirname(path));
        if (after.has(path) && isCarried(ways, dirname(path)) && around?.kind !== 'folder')
          throw new Error(`${JSON.stringify(path)} is in no folder`);
      }
      const both = await changedHere(changes, base, memory);
      return both.length === 0 ? undefined : conflict(both);
    },
    async place(changes, contentOf) {
      await placeChanges(changes, { top: TOP, contentOf });
      applyChanges(base, changes);
    },
  };
}

function isCarried(ways: GrantedWays, path: string): boolean {
  const way = ways.of(path);
  return way === 'readable' || way === 'writable';
}

/** What is here now is neither what was brought nor what shall be. */
async function changedHere(
  changes: readonly Change[],
  base: ReadonlyMap<string, Entry>,
  memory: ReturnType<typeof createStampMemory>,
): Promise<readonly string[]> {
  const way = await openWay(TOP);
  const both: string[] = [];
  try {
    for (const change of changes) {
      const folder = await way.around(change.path);
      const found = folder && (await describeEntry(folder, basename(change.path), change.path, memory));
      const here = typeof found === 'object' ? found : undefined;
      const isAbsent = found === undefined || found === 'nothing';
      const wanted = change.kind === 'gone' ? undefined : change;
      const isKnown = (isAbsent || here !== undefined) && isSame(here, base.get(change.path));
      // Two folders of one name are no conflict: what is in them is looked at by itself.
      const isMade = isSame(here, wanted) || (here?.kind === 'folder' && wanted?.kind === 'folder');
      if (!isKnown && !(isMade && (isAbsent || here !== undefined))) both.push(change.path);
    }
  } finally {
    await way.close();
  }
  return both;
}

function conflict(paths: readonly string[]): Failure {
  const named = paths.slice(0, MOST_NAMED);
  const more = paths.length > named.length ? ` and ${paths.length - named.length} more` : '';
  return failure(
    'conflict',
    `what the worker changed on the other machine was changed here meanwhile: ${named.join(', ')}${more}`,
    {
      retryable: true,
      hint: 'what is here was kept, and nothing of what the worker wrote was brought back; do it again',
      details: { paths: named, count: paths.length },
    },
  );
}
