import { setImmediate as others } from 'node:timers/promises';
import type { SeenChange } from '../ports/snapshots.ts';
import { isKept, isSame, unkeptDigest, type Version } from './entry.ts';
import { headCommit } from './head-commit.ts';
import { type ReadEntry, readEntry } from './read-entry.ts';
import type { SnapshotDatabase } from './snapshot-database.ts';
import { type Seen, walkWorkspace } from './walk-workspace.ts';

export interface SnapshotLimits {
  /** Larger files are seen to change and not kept: nobody wants a database or a film copied before each run. */
  readonly fileBytes: number;
  /** Beyond this in all, what is new is seen to change and not kept. */
  readonly bytes: number;
}

export const SNAPSHOT_LIMITS: SnapshotLimits = { fileBytes: 64 * 1024 ** 2, bytes: 2 * 1024 ** 3 };

/** Files read between two moments in which the process may do other things. */
const AT_ONCE = 50;

export interface Look {
  readonly number: number;
  readonly unkept: number;
  /** Since the look before. */
  readonly changes: readonly SeenChange[];
}

/** The workspace as the last look left it; of one process, so that nothing is read again that nobody else wrote. */
export interface Known {
  number: number;
  bytes: number;
  versions: Map<string, Version>;
}

export interface LookSettings {
  readonly database: SnapshotDatabase;
  readonly workspace: string;
  /** Folders of Cadre's own, should they lie in the workspace. */
  readonly without: ReadonlySet<string>;
  readonly limits: SnapshotLimits;
  readonly known: Known;
}

/**
 * Looks at the workspace, keeps what is new, and notes what differs from the look before. Belongs in a transaction, which
 * keeps looks of other processes out; `known` must be forgotten when that fails.
 */
export async function lookAtWorkspace(settings: LookSettings, at: number): Promise<Look> {
  const { database, workspace, known } = settings;
  refresh(database, known);
  const head = headCommit(workspace);
  const number = database.run(
    'INSERT INTO looks (at, head, branch) VALUES (?, ?, ?)',
    at,
    head.commit ?? null,
    head.branch ?? null,
  ).id;
  const seen = await walkWorkspace(workspace, settings.without);
  const gone = new Set(known.versions.keys());
  const changes: SeenChange[] = [];
  let unkept = 0;
  let read = 0;
  for (const one of seen) {
    gone.delete(one.path);
    const before = known.versions.get(one.path);
    if (before?.signature === one.signature) {
      if (!isKept(before)) unkept += 1;
      continue;
    }
    const entry = withinLimits(readEntry(workspace, one, at, settings.limits.fileBytes), one, settings);
    if (!isKept(entry)) unkept += 1;
    const change = note(settings, number, one, entry);
    if (change !== undefined && entry.kind !== 'folder') changes.push({ path: one.path, change });
    read += 1;
    if (read % AT_ONCE === 0) await others();
  }
  for (const path of gone) {
    database.run(END_VERSION, number, path);
    if (known.versions.get(path)?.kind !== 'folder') changes.push({ path, change: 'deleted' });
    known.versions.delete(path);
  }
  known.number = number;
  return { number, unkept, changes };
}

const END_VERSION = 'UPDATE versions SET ended = ? WHERE path = ? AND ended IS NULL';

/** Another process may have looked since. */
function refresh(database: SnapshotDatabase, known: Known): void {
  const [last] = database.all<{ number: number | null }>('SELECT max(number) AS number FROM looks');
  if ((last?.number ?? 0) === known.number) return;
  const rows = database.all<Version>(
    'SELECT path, began, kind, mode, digest, signature, changed FROM versions WHERE ended IS NULL',
  );
  known.versions = new Map(rows.map((row) => [row.path, row]));
  const [kept] = database.all<{ bytes: number | null }>('SELECT sum(length(bytes)) AS bytes FROM contents');
  known.bytes = kept?.bytes ?? 0;
  known.number = last?.number ?? 0;
}

function withinLimits(entry: ReadEntry, seen: Seen, { known, limits }: LookSettings): ReadEntry {
  const size = entry.content?.length ?? 0;
  if (known.bytes + size <= limits.bytes) return entry;
  const { content: _, ...rest } = entry;
  return { ...rest, digest: unkeptDigest(seen.size, seen.mtimeMs) };
}

function note(
  { database, known }: LookSettings,
  number: number,
  seen: Seen,
  entry: ReadEntry,
): 'created' | 'modified' | undefined {
  const { path, changed } = seen;
  const { kind, mode, digest, signature, content } = entry;
  const before = known.versions.get(path);
  if (before !== undefined && isSame(before, entry)) {
    database.run(
      'UPDATE versions SET signature = ?, changed = ? WHERE path = ? AND ended IS NULL',
      signature,
      Math.floor(changed),
      path,
    );
    known.versions.set(path, { ...before, signature, changed });
    return undefined;
  }
  if (before !== undefined) database.run(END_VERSION, number, path);
  if (content !== undefined) {
    const { changes } = database.run(
      'INSERT INTO contents (digest, bytes) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING',
      digest,
      content,
    );
    if (changes > 0) known.bytes += content.length;
  }
  database.run(
    `INSERT INTO versions (path, began, kind, mode, digest, signature, changed) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    path,
    number,
    kind,
    mode,
    digest,
    signature,
    Math.floor(changed),
  );
  known.versions.set(path, { path, began: number, kind, mode, digest, signature, changed });
  return before === undefined ? 'created' : 'modified';
}
