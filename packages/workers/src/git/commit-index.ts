import { copyFile, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ActionContext } from '@cadre/sdk';
import { blobId } from '../tree/blob-id.ts';
import { isThere } from '../tree/is-there.ts';
import { localFilterOverrides } from '../tree/local-filters.ts';
import { readGit, splitZero } from '../tree/read-git.ts';
import type { Repository } from './repository.ts';
import { expectSuccess, writeGit } from './run-git.ts';

/** How long another git command may hold the index after our commit before we leave it to the person. */
const LOCK_PATIENCE_MS = 5_000;
const LOCK_POLL_MS = 100;

/**
 * An index of our own: the head's files and, of the work tree, exactly `paths`. It starts as a copy of the user's,
 * because that knows which files are unchanged and which a sparse check-out leaves out.
 */
export async function makeCommitIndex(
  context: ActionContext,
  repository: Repository,
  options: { readonly paths: readonly string[]; readonly keepStaged: boolean },
): Promise<string> {
  const indexPath = join(await context.tempDir(), 'index');
  if (await isThere(repository.indexPath)) await copyIndex(repository.indexPath, indexPath);
  const run = (args: readonly string[], stdin?: string) =>
    writeGit(context, repository.root, args, {
      env: { GIT_INDEX_FILE: indexPath },
      ...(stdin === undefined ? {} : { stdin }),
    });
  if (!options.keepStaged) {
    expectSuccess(await run(['read-tree', '--reset', 'HEAD']), 'reading the head', 'commit_failed');
  }
  const names = options.paths.map((path) => `${path}\0`).join('');
  const add = await run(['update-index', '--add', '--remove', '-z', '--stdin'], names);
  expectSuccess(add, 'adding the changed files', 'commit_failed');
  return indexPath;
}

/**
 * With the time of the original: a file as new as the index may have changed after git looked at it, and git compares
 * its content. A younger copy would make it trust the file's time. Whole seconds, because rounding up would too.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  const { mtimeMs } = await stat(from);
  await copyFile(from, to);
  const seconds = Math.floor(mtimeMs / 1_000);
  await utimes(to, seconds, seconds);
}

/** Whether the index holds anything else than the head. */
export async function differsFromHead(
  context: ActionContext,
  repository: Repository,
  indexPath: string,
): Promise<boolean> {
  const args = ['diff-index', '--cached', '--quiet', '--ignore-submodules', 'HEAD'];
  const { code } = await readGit(context, repository.root, args, { env: { GIT_INDEX_FILE: indexPath } });
  return code !== 0;
}

/**
 * Tells the user's index what was committed, and nothing else: an entry follows when it was that of the old head
 * (or always with `force`); what somebody staged stays staged. Not `followed` when another command kept it locked.
 */
export async function followCommit(
  context: ActionContext,
  repository: Repository,
  options: { readonly from: string; readonly to: string; readonly force: boolean },
): Promise<{ readonly followed: boolean; readonly paths: readonly string[] }> {
  const committed = await differences(context, repository, options);
  const present = await indexEntries(context, repository);
  const lines = [...committed]
    .filter(([path, { before }]) => options.force || present.get(path) === before)
    .map(([path, { after }]) => `${after ?? `0 ${'0'.repeat(options.to.length)} 0`}\t${path}\0`);
  const followed = await updateIndex(context, repository, lines.join(''));
  // Only so that others need not read the files again; its exit code says whether anything differs.
  if (followed) await writeGit(context, repository.root, ['update-index', '-q', '--refresh']);
  return { followed, paths: [...committed.keys()] };
}

async function updateIndex(context: ActionContext, repository: Repository, stdin: string): Promise<boolean> {
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  for (;;) {
    const args = ['update-index', '-z', '--index-info'];
    const updated = await writeGit(context, repository.root, args, { stdin });
    if (updated.code === 0) return true;
    if (performance.now() > deadline) return false;
    await pause(LOCK_POLL_MS, undefined, { signal: context.signal });
  }
}

/** The blob ids of what a check-out would write at these paths, line ends and filters applied. */
export async function restoredBlobIds(
  context: ActionContext,
  repository: Repository,
  { paths, trusted }: { readonly paths: readonly string[]; readonly trusted: boolean },
): Promise<ReadonlyMap<string, string>> {
  const folder = await context.tempDir();
  const settings = trusted ? {} : await localFilterOverrides(context, repository.root);
  const names = paths.map((path) => `${path}\0`).join('');
  const args = ['checkout-index', '-z', '--stdin', `--prefix=${folder}/`];
  // Exit code 1 for paths that are not in the index: those are simply not written.
  await readGit(context, repository.root, args, { stdin: names, settings });
  const ids = new Map<string, string>();
  for (const path of paths) {
    const content = await readFile(join(folder, path)).catch(() => undefined);
    if (content !== undefined) ids.set(path, blobId(content));
  }
  return ids;
}

/** By path, `MODE OID STAGE` before and after; undefined where there is no file. */
async function differences(
  context: ActionContext,
  repository: Repository,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<Map<string, { before: string | undefined; after: string | undefined }>> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--no-commit-id', from, to];
  const parts = splitZero(expectSuccess(await readGit(context, repository.root, args), 'comparing commits'));
  const found = new Map<string, { before: string | undefined; after: string | undefined }>();
  for (const [index, meta] of parts.entries()) {
    const path = parts[index + 1];
    // `:MODE MODE OID OID LETTER` and the path take turns.
    if (index % 2 === 1 || path === undefined) continue;
    const [oldMode = '', newMode = '', oldId, newId] = meta.slice(1).split(' ');
    const entry = (mode: string, id: string | undefined) =>
      Number(mode) === 0 ? undefined : `${mode} ${id} 0`;
    found.set(path, { before: entry(oldMode, oldId), after: entry(newMode, newId) });
  }
  return found;
}

async function indexEntries(context: ActionContext, repository: Repository): Promise<Map<string, string>> {
  const listed = await readGit(context, repository.root, ['ls-files', '-z', '--stage']);
  const rows = splitZero(expectSuccess(listed, 'reading the index'));
  return new Map(rows.map((row) => [row.slice(row.indexOf('\t') + 1), row.slice(0, row.indexOf('\t'))]));
}
