import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { processStart, sweepFolder, systemCode } from '@cadre/kit/files';
import { type Effect, type Failure, failure, type Outcome } from '@cadre/sdk';
import { fileEffect } from './file-effect.ts';
import { gitFolders } from './git-folders.ts';
import { openUnlinked } from './open-unlinked.ts';
import type { GiveAway } from './owner.ts';
import { scratchList } from './scratch-list.ts';
import { changedPaths, readTreeState, type TreeState } from './tree-state.ts';

export interface ScratchLimits {
  readonly files: number;
  readonly bytes: number;
}

export const SCRATCH_LIMITS: ScratchLimits = { files: 200_000, bytes: 2 * 1024 ** 3 };

/** A copy of the workspace on which a plan is carried out. */
export interface ScratchTree {
  readonly root: string;
  /** What became different since the last question, as effects on the workspace's own files. */
  changes(): Promise<readonly Effect[]>;
}

export interface ScratchTrees {
  /** The run's tree, made at the first question. Failure `too_large` when the workspace is beyond the limits. */
  open(run: string): Promise<Outcome<ScratchTree>>;
  /** The root of the run's tree, when there is one already. */
  find(run: string): Promise<string | undefined>;
  remove(run: string): Promise<void>;
}

export interface ScratchSettings {
  readonly workspace: string;
  /** Folder for all scratch trees of this workspace. */
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly limits: ScratchLimits;
  readonly giveAway: () => Promise<GiveAway>;
}

const AT_ONCE = 16;

/**
 * Invariants:
 * 1. A tree has the files of the workspace as they were when its run first planned something, and what the run's earlier
 *    steps would have changed.
 * 2. Nothing that is done in a tree reaches the workspace: shared folders are links, and the sandbox shows what they lead
 *    to read-only.
 * 3. Trees of processes that are gone are removed before the first tree is made.
 */
export function openScratchTrees(settings: ScratchSettings): ScratchTrees {
  const trees = new Map<string, Promise<Outcome<ScratchTree>>>();
  let swept: Promise<void> | undefined;
  const folderOf = async (run: string) =>
    join(settings.folder, `${process.pid}-${await processStart(process.pid)}-${encodeURIComponent(run)}`);
  const make = async (run: string): Promise<Outcome<ScratchTree>> => {
    swept ??= sweepFolder(settings.folder);
    await swept;
    const root = await folderOf(run);
    try {
      return await makeTree(root, settings);
    } catch (error) {
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
      return { ok: false, failure: notMade(error) };
    }
  };
  return {
    open(run) {
      const tree = trees.get(run) ?? make(run);
      trees.set(run, tree);
      return tree;
    },
    async find(run) {
      const tree = await trees.get(run);
      return tree?.ok ? tree.output.root : undefined;
    },
    async remove(run) {
      const tree = trees.get(run);
      if (tree === undefined) return;
      trees.delete(run);
      await tree.catch(() => {});
      await rm(await folderOf(run), { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function makeTree(root: string, settings: ScratchSettings): Promise<Outcome<ScratchTree>> {
  const { workspace } = settings;
  const list = await scratchList(workspace, settings.environment);
  const excess = await tooLarge(list.files, settings);
  if (excess !== undefined) return { ok: false, failure: excess };
  const giveAway = await settings.giveAway();
  const makeFolder = folderMaker(root, giveAway);
  await makeFolder('.');
  await inTurns(list.files, async (path) => {
    await makeFolder(dirname(path));
    await copyEntry(workspace, path, join(root, path));
    await giveAway(join(root, path)).catch(() => {});
  });
  for (const path of list.links) {
    await makeFolder(dirname(path));
    await symlink(join(workspace, path), join(root, path)).catch(() => {});
  }
  await pointToGit(root, workspace);
  return { ok: true, output: await followTree(root, workspace) };
}

async function followTree(root: string, workspace: string): Promise<ScratchTree> {
  const without = new Set(['.git']);
  let known: TreeState = await readTreeState(root, without);
  let asking: Promise<unknown> = Promise.resolve();
  const look = async () => {
    const current = await readTreeState(root, without);
    const paths = changedPaths(known, current);
    known = current;
    const effects: Effect[] = [];
    for (const path of paths) effects.push(...((await effectOf(path)) ?? []));
    return effects;
  };
  const effectOf = async (path: string) => {
    const effect = await fileEffect(workspace, root, path);
    return effect === undefined ? undefined : [effect];
  };
  return {
    root,
    changes() {
      const turn = asking.then(look);
      asking = turn.catch(() => {});
      return turn;
    },
  };
}

async function tooLarge(
  files: readonly string[],
  { workspace, limits }: ScratchSettings,
): Promise<Failure | undefined> {
  let bytes = 0;
  if (files.length <= limits.files) {
    await inTurns(files, async (path) => {
      const found = await lstat(join(workspace, path)).catch(() => undefined);
      // Read and added after the waiting: others add to it meanwhile.
      bytes += found?.size ?? 0;
    });
  }
  if (files.length <= limits.files && bytes <= limits.bytes) return undefined;
  return failure('too_large', `a plan works on a copy of the workspace, which is too large for one`, {
    hint: 'name large generated files in .gitignore, or plan a smaller folder with --path',
    details: { files: files.length, bytes, most: { ...limits } },
  });
}

async function copyEntry(workspace: string, path: string, to: string): Promise<void> {
  const from = join(workspace, path);
  const found = await lstat(from).catch(() => undefined);
  // Deleted but still in git's index, or a checkout inside the checkout.
  if (found === undefined || found.isDirectory()) return;
  if (found.isSymbolicLink()) return symlink(await readlink(from), to);
  if (!found.isFile()) return;
  try {
    const file = await openUnlinked(workspace, path);
    if (file === undefined) return;
    // What was opened is copied, whatever lies at its path by now.
    const source = process.platform === 'linux' ? `/proc/self/fd/${file.fd}` : from;
    await copyFile(source, to, constants.COPYFILE_FICLONE).finally(() => file.close());
  } catch (error) {
    // What we may not read, a worker may not read either.
    if (systemCode(error) !== 'EACCES') throw error;
  }
}

function notMade(error: unknown): Failure {
  const isFull = systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT';
  const reason = error instanceof Error ? error.message : String(error);
  return failure(
    isFull ? 'disk_full' : 'plan_failed',
    `the workspace could not be copied for a plan: ${reason}`,
    {
      hint: isFull
        ? 'make room on the disk of the data folder'
        : 'see the reason; nothing in the workspace was changed',
    },
  );
}

/** Git finds its data from the copy too; in a box it can be read there and not written. */
async function pointToGit(root: string, workspace: string): Promise<void> {
  const git = await gitFolders(workspace);
  if (git !== undefined) await writeFile(join(root, '.git'), `gitdir: ${git.own}\n`);
}

function folderMaker(root: string, giveAway: GiveAway): (path: string) => Promise<void> {
  const made = new Map<string, Promise<void>>();
  const make = (path: string): Promise<void> => {
    const known = made.get(path);
    if (known !== undefined) return known;
    const making = (async () => {
      if (path !== '.') await make(dirname(path));
      await mkdir(join(root, path), { recursive: path === '.' });
      await giveAway(join(root, path));
    })();
    made.set(path, making);
    return making;
  };
  return make;
}

async function inTurns(paths: readonly string[], task: (path: string) => Promise<void>): Promise<void> {
  const waiting = paths.values();
  const take = async () => {
    for (const path of waiting) await task(path);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
}
