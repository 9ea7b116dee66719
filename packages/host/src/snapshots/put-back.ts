import { chmod, lstat, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushFolder, systemCode } from '@cadre/kit/files';
import type { PutBack } from '../ports/snapshots.ts';
import { type Entry, isKept, isSame, type Version } from './entry.ts';
import { Misplaced, makeFolders, placeEntry } from './place-entry.ts';
import { readEntry } from './read-entry.ts';
import type { PathChange } from './run-changes.ts';
import { seePath } from './walk-workspace.ts';

export interface PutBackOrder {
  readonly workspace: string;
  readonly changes: readonly PathChange[];
  readonly contentOf: (digest: string) => Uint8Array | undefined;
}

type Left = PutBack['left'][number];
type Act = (change: PathChange) => Promise<boolean>;

/** Each waits for the disk; together they wait once. */
const AT_ONCE = 16;

/**
 * Puts back what can be, path by path; one that fails does not stop the others. Each is looked at once more right before
 * it is touched, and left alone when it is not what the run left there.
 */
export async function putBackChanges(order: PutBackOrder): Promise<PutBack> {
  const restored: string[] = [];
  const removed: string[] = [];
  const left: Left[] = order.changes.flatMap(leftAlone);
  const doOne = async (change: PathChange, act: Act) => {
    const reason = await attempt(() => act(change));
    if (reason !== undefined) left.push({ path: change.path, ...reason });
    else if (change.kind !== 'folder') (change.before === undefined ? removed : restored).push(change.path);
  };
  const each = async (changes: readonly PathChange[], act: Act, atOnce = 1) => {
    const waiting = changes.values();
    const take = async () => {
      for (const change of waiting) await doOne(change, act);
    };
    await Promise.all(Array.from({ length: atOnce }, take));
  };
  const doable = order.changes.filter(({ standing }) => standing === 'restorable');
  const files = doable.filter(({ before }) => before !== undefined && before.kind !== 'folder');
  const folders = doable.filter(({ before }) => before?.kind === 'folder');
  // Out of the way first, from the leaves to the root; then folders, from the root to the leaves; then what is in them.
  const away = doable.filter(({ before, now }) => now !== undefined && !canReplace(before, now));
  const gone = away.filter(({ before }) => before === undefined);
  await each(byDepth(gone.filter(({ now }) => now?.kind !== 'folder')), (change) => remove(order, change));
  await clear(
    order,
    byDepth(away.filter(({ before, now }) => before !== undefined || now?.kind === 'folder')),
  );
  await each(byDepth(folders).toReversed(), (change) => makeFolder(order, change));
  await each(files, (change) => place(order, change), AT_ONCE);
  await flushFolders(order.workspace, [...restored, ...removed]);
  return { restored: restored.sort(), removed: removed.sort(), left: left.sort(byPath) };
}

/** So that a power cut does not take back what was told as done. */
async function flushFolders(root: string, paths: readonly string[]): Promise<void> {
  const folders = new Set(paths.map((path) => dirname(path)));
  for (const folder of folders) await flushFolder(join(root, folder)).catch(() => undefined);
}

const MEANWHILE = { reason: 'changed_meanwhile', message: 'it was changed since' };

function leftAlone({ path, standing }: PathChange): Left[] {
  if (standing === 'changed_meanwhile') return [{ path, ...MEANWHILE }];
  if (standing !== 'not_kept') return [];
  return [{ path, reason: 'not_kept', message: 'what was there was too large, or could not be read' }];
}

/** Undefined when it went well; false from the work: somebody changed it. */
async function attempt(work: () => Promise<boolean>): Promise<Omit<Left, 'path'> | undefined> {
  try {
    return (await work()) ? undefined : MEANWHILE;
  } catch (error) {
    if (error instanceof Misplaced) return { reason: 'changed_meanwhile', message: error.message };
    const code = systemCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    return { reason: code, message: error.message };
  }
}

/** A rename replaces a file or a link by another; folders have to be made or removed. */
function canReplace(before: Entry | undefined, now: Entry): boolean {
  return before !== undefined && (before.kind === 'folder') === (now.kind === 'folder');
}

async function remove({ workspace }: PutBackOrder, { path, now }: PathChange): Promise<boolean> {
  if (!(await stillIs(workspace, path, now))) return false;
  await rm(join(workspace, path));
  return true;
}

/** Folders that the run made, unless something is in them; and what stands where a folder or a file was. */
async function clear({ workspace }: PutBackOrder, changes: readonly PathChange[]): Promise<void> {
  for (const { path, now } of changes) {
    if (!(await stillIs(workspace, path, now))) continue;
    const whole = join(workspace, path);
    await (now?.kind === 'folder' ? rmdir(whole) : rm(whole)).catch((error: unknown) => {
      if (systemCode(error) === undefined) throw error;
    });
  }
}

async function makeFolder({ workspace }: PutBackOrder, { path, before }: PathChange): Promise<boolean> {
  await makeFolders(workspace, path);
  await chmod(join(workspace, path), before?.mode ?? 0o777);
  return true;
}

async function place(order: PutBackOrder, { path, before, now }: PathChange): Promise<boolean> {
  const content = before === undefined ? undefined : order.contentOf(before.digest);
  if (before === undefined || content === undefined) throw new Error(`bug: what was at ${path} is not kept`);
  const fits = () =>
    now === undefined || canReplace(before, now)
      ? stillIs(order.workspace, path, now)
      : stillIs(order.workspace, path, undefined);
  return placeEntry(order.workspace, path, { ...before, content }, fits);
}

/** Read anew, and not reached through a link. */
async function stillIs(root: string, path: string, expected: Version | undefined): Promise<boolean> {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const found = await lstat(join(root, folder)).catch(() => undefined);
    if (found !== undefined && !found.isDirectory()) return false;
  }
  const seen = seePath(root, path);
  const most = Number.POSITIVE_INFINITY;
  const unread = expected !== undefined && !isKept(expected);
  const entry = seen === undefined ? undefined : readEntry(root, seen, 0, unread ? -1 : most);
  return isSame(entry, expected);
}

/** The deepest first. */
function byDepth(changes: readonly PathChange[]): PathChange[] {
  return changes.toSorted((a, b) => b.path.split('/').length - a.path.split('/').length);
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
