import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemCode } from '@cadre/kit/files';
import { type Failure, failure, type Outcome } from '@cadre/sdk';
import { describeEntry } from './describe-entry.ts';
import type { GrantedWays } from './granted-ways.ts';
import { openWay } from './hold-way.ts';
import { type Entry, isPlainPath } from './remote-protocol.ts';
import type { StampMemory } from './stamp-memory.ts';
import { holdFolder, type UnlinkedFolder } from './unlinked-folder.ts';

export interface TreeLimits {
  readonly files: number;
  readonly bytes: number;
}

export interface Tree {
  /** Below this folder each path lies that was granted. */
  readonly top: string;
  readonly ways: GrantedWays;
  readonly memory: StampMemory;
  readonly limits: TreeLimits;
  /** What cannot be carried: leave it out, or fail. */
  readonly uncarried: 'skip' | 'fail';
}

/** What lies in a tree, by its path; a folder comes before what is in it. */
export type Listing = ReadonlyMap<string, Entry>;

/** Thrown in a walk, and turned into an outcome at its end. */
class Stopped extends Error {
  readonly failure: Failure;
  constructor(failed: Failure) {
    super(failed.message);
    this.failure = failed;
  }
}

const AT_ONCE = 16;

/** Everything that was granted, as it lies there now. Hidden parts and caches are not looked into. */
export async function listTree(tree: Tree): Promise<Outcome<Listing>> {
  const found: Found = { entries: new Map(), bytes: 0 };
  const way = await openWay(tree.top);
  try {
    for (const path of tree.ways.tops) {
      const folder = await way.around(path);
      if (folder !== undefined) await take(tree, folder, [path], found);
    }
    return { ok: true, output: found.entries };
  } catch (error) {
    if (error instanceof Stopped) return { ok: false, failure: error.failure };
    throw error;
  } finally {
    await way.close();
  }
}

interface Found {
  readonly entries: Map<string, Entry>;
  bytes: number;
}

/** These paths of one folder, and all that is in them. */
async function take(
  tree: Tree,
  folder: UnlinkedFolder,
  paths: readonly string[],
  found: Found,
): Promise<void> {
  // Several at once, since most of the time is waiting; folders one after the other, since each is held open.
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const some = paths.slice(at, at + AT_ONCE);
    const looks = await Promise.allSettled(some.map((path) => look(tree, folder, path, found)));
    for (const each of looks) if (each.status === 'rejected') throw each.reason;
  }
  for (const path of paths) {
    if (found.entries.get(path)?.kind !== 'folder') continue;
    const inner = await holdFolder(folder.at(basename(path)));
    if (inner === undefined) continue;
    try {
      const below = (await namesIn(tree, inner, path)).map((name) => `${path}/${name}`);
      const carried = below.filter((one) => tree.ways.of(one) !== 'hidden' && !tree.ways.isCache(one));
      await take(tree, inner, carried, found);
    } finally {
      await inner.close();
    }
  }
}

async function look(tree: Tree, folder: UnlinkedFolder, path: string, found: Found): Promise<void> {
  const entry = await describeEntry(folder, basename(path), path, tree.memory);
  if (entry === 'nothing') return;
  if (typeof entry === 'string') return leaveOut(tree, path, `it is ${entry}`);
  if (entry.kind === 'link' && !tree.ways.staysInside(path, entry.to))
    return leaveOut(tree, path, 'it is a link that leads out of what was granted');
  found.entries.set(path, entry);
  if (entry.kind === 'file') found.bytes += entry.size;
  if (found.entries.size > tree.limits.files || found.bytes > tree.limits.bytes)
    throw new Stopped(tooMuch(tree.limits, found.entries.size, found.bytes));
}

async function namesIn(tree: Tree, folder: UnlinkedFolder, path: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const bytes of await listed(tree, folder, path)) {
    const name = bytes.toString('utf8');
    if (isUtf8(bytes) && isPlainPath(`${path}/${name}`) && path.length + name.length < 4_096)
      names.push(name);
    else leaveOut(tree, `${path}/${name}`, 'its name is no text, or too long');
  }
  return names.sort();
}

async function listed(tree: Tree, folder: UnlinkedFolder, path: string): Promise<readonly Buffer[]> {
  try {
    return await readdir(folder.itself, { encoding: 'buffer' });
  } catch (error) {
    if (systemCode(error) === 'EACCES') leaveOut(tree, path, 'it is not readable');
    else if (systemCode(error) !== 'ENOENT') throw error;
    return [];
  }
}

function leaveOut({ uncarried }: Tree, path: string, why: string): void {
  if (uncarried === 'skip') return;
  throw new Stopped(notCarried(path, why));
}

export function notCarried(path: string, why: string): Failure {
  return failure(
    'not_carried',
    `${JSON.stringify(path)} cannot be brought back from the other machine: ${why}`,
    {
      hint: 'let the worker keep such things in its temporary folder; nothing that it wrote was brought back',
      details: { path },
    },
  );
}

export function tooMuch({ files, bytes }: TreeLimits, foundFiles: number, foundBytes: number): Failure {
  return failure(
    'too_large',
    `what the worker was granted is too much to be carried to another machine: more than ${files} files or ${bytes} bytes`,
    {
      hint: 'grant it fewer folders, or raise sandbox.remote.files or sandbox.remote.size',
      details: { files: foundFiles, bytes: foundBytes, most: { files, bytes } },
    },
  );
}

export function tooManyChanges(most: number): Failure {
  return failure('too_large', `the worker changed more than ${most} files on the other machine`, {
    hint: 'let it write less, or raise sandbox.remote.files; nothing that it wrote was brought back',
    details: { most },
  });
}
