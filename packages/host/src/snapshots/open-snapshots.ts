import { join } from 'node:path';
import { processStart } from '@cadre/kit/files';
import type { Clock } from '../ports/clock.ts';
import type { FileChange, PutBack, RunChanges, SnapshotAttempt, Snapshots } from '../ports/snapshots.ts';
import { commitMoves } from './commit-moves.ts';
import type { Version } from './entry.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Known, type Look, lookAtWorkspace, SNAPSHOT_LIMITS, type SnapshotLimits } from './look.ts';
import { pruneSnapshots } from './prune.ts';
import { putBackChanges } from './put-back.ts';
import { changeOfPath, type PathChange, type Window } from './run-changes.ts';
import { openSnapshotDatabase, type SnapshotDatabase } from './snapshot-database.ts';
import { endLostWindows, endWindows, insertWindow, isAlone, type ThisProcess, windowsOf } from './windows.ts';

export interface SnapshotSettings {
  /** Absolute, links resolved. */
  readonly workspace: string;
  /** Cadre's own folder for this workspace. */
  readonly dataDir: string;
  /** Folders of Cadre, should they lie in the workspace. */
  readonly without: readonly string[];
  /** Runs kept; 0: nothing is kept at all. */
  readonly keep: number;
  readonly clock: Clock;
  readonly limits?: SnapshotLimits;
}

/**
 * Invariants
 * 1. A look, what it keeps and the window that it begins or ends are one transaction.
 * 2. Looks have one order over all processes; what is between two of them happened then.
 * 3. Nothing is opened, and no file made, before the first step that may change something.
 */
export function openSnapshots(settings: SnapshotSettings): Snapshots {
  const { workspace, dataDir, keep, clock } = settings;
  const beats = join(dataDir, 'undo-alive');
  const known: Known = { number: -1, bytes: 0, versions: new Map() };
  const seenRuns = new Set<string>();
  /** Windows whose last look failed: the next one that succeeds ends them. */
  const unended = new Set<number>();
  let opening: Promise<SnapshotDatabase> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let self: ThisProcess | undefined;

  const inTurn = <T>(work: (database: SnapshotDatabase) => Promise<T>): Promise<T> => {
    opening ??= openSnapshotDatabase(join(dataDir, 'undo.db'));
    const own = opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const result = turn.then(async () => work(await own));
    turn = result.catch(() => undefined);
    return result;
  };

  /** Looks, and does what belongs to the look in the same transaction. */
  const look = async <T>(database: SnapshotDatabase, also: (look: Look) => T): Promise<T> => {
    try {
      return await database.write(async () => {
        const at = clock.now();
        const { limits = SNAPSHOT_LIMITS } = settings;
        const without = new Set(settings.without);
        const seen = await lookAtWorkspace({ database, workspace, without, limits, known }, at);
        await endLostWindows(database, beats, { number: seen.number, at });
        endWindows(database, unended, seen.number);
        unended.clear();
        return also(seen);
      });
    } catch (error) {
      known.number = -1;
      throw error;
    }
  };

  const open = async (attempt: SnapshotAttempt) => {
    self ??= { pid: process.pid, start: await processStart(process.pid) };
    const me = self;
    const begun = await inTurn(async (database) => {
      const made = await look(database, ({ number, unkept }) => {
        return { window: insertWindow(database, attempt, number, me), unkept };
      });
      if (!seenRuns.has(attempt.run)) {
        seenRuns.add(attempt.run);
        await pruneSnapshots(database, keep);
      }
      return made;
    });
    const heartbeat = startHeartbeat(beats, begun.window);
    const close = async () => {
      unended.add(begun.window);
      try {
        return await inTurn(async (database) => {
          const { changes } = await look(database, (seen) => seen);
          return isAlone(database, begun.window) ? changes : [];
        });
      } finally {
        heartbeat.stop();
      }
    };
    return { unkept: begun.unkept, close };
  };

  const changesOf = (database: SnapshotDatabase, run: string): PathChange[] => {
    const windows = windowsOf(database, run);
    return [...changedPaths(database, windows)].flatMap(([path, versions]) => {
      const change = changeOfPath(path, versions, windows);
      return change === undefined ? [] : [change];
    });
  };

  return {
    open: async (attempt) => (keep === 0 ? { unkept: 0, close: async () => [] } : open(attempt)),
    changes: (run) =>
      inTurn(async (database): Promise<RunChanges> => {
        if (windowsOf(database, run).length > 0) await look(database, () => undefined);
        const windows = windowsOf(database, run);
        return {
          kept: windows.length > 0,
          active: windows.some(({ ended }) => ended === undefined),
          changes: shownChanges(changesOf(database, run)),
          commits: commitMoves(database, windows),
        };
      }),
    async putBack(run, as, only): Promise<PutBack> {
      const { close } = await open({ run: as, step: 'undo', attempt: 1 });
      try {
        const { changes, contentOf } = await inTurn(async (database) => ({
          changes: changesOf(database, run).filter(({ path }) => only?.has(path) ?? true),
          contentOf: (digest: string) =>
            database.all<{ bytes: Uint8Array }>('SELECT bytes FROM contents WHERE digest = ?', digest)[0]
              ?.bytes,
        }));
        return await putBackChanges({ workspace, changes, contentOf });
      } finally {
        await close();
      }
    },
    async close() {
      await turn;
      const database = await opening?.catch(() => undefined);
      database?.close();
      opening = undefined;
    },
  };
}

/** Every path of which something changed in the windows, with all that is known of it. */
function changedPaths(database: SnapshotDatabase, windows: readonly Window[]): Map<string, Version[]> {
  const paths = new Map<string, Version[]>();
  const [first] = windows;
  if (first === undefined) return paths;
  const last = Math.max(...windows.map(({ ended = Number.MAX_SAFE_INTEGER }) => ended));
  const rows = database.all<Version & { ended: number | null }>(
    `SELECT * FROM versions WHERE path IN (
       SELECT path FROM versions WHERE began > ?1 AND began <= ?2
       UNION SELECT path FROM versions WHERE ended > ?1 AND ended <= ?2
     ) ORDER BY path, began`,
    first.began,
    last,
  );
  for (const { ended, ...row } of rows) {
    const version = ended === null ? row : { ...row, ended };
    paths.set(row.path, [...(paths.get(row.path) ?? []), version]);
  }
  return paths;
}

/** A folder says nothing that the files in it do not say. */
function shownChanges(changes: readonly PathChange[]): FileChange[] {
  return changes
    .filter(({ kind, path }) => kind !== 'folder' || !changes.some((one) => one.path.startsWith(`${path}/`)))
    .map(({ before: _, after: __, now: ___, ...shown }) => shown);
}
