import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentVersion, isKitError, writeAtomic } from '@cadre/kit/files';
import { type ActionContext, ActionError, type Change, type Skipped } from '@cadre/sdk';
import { blobId } from '../tree/blob-id.ts';
import { resolveEntryInside } from '../tree/safe-path.ts';
import { inParallel } from './in-parallel.ts';
import type { Scratch } from './scratch.ts';
import type { Source } from './sources.ts';
import { unifiedDiff } from './unified-diff.ts';

/**
 * Brings what changed in the scratch folder back into the workspace.
 * Invariants:
 * 1. A file is replaced only when it still holds what it held when the work began.
 * 2. A file is replaced as a whole or not at all, whenever the process ends.
 * 3. Nothing is written through a link, or to a file that nobody may write.
 */

const AT_ONCE = 16;

export interface Applied {
  readonly changes: readonly Change[];
  readonly skipped: readonly Skipped[];
}

/** The sources that differ in the scratch folder from what they held when the work began. */
export async function changedSources(sources: readonly Source[], scratch: Scratch): Promise<Source[]> {
  const copied = sources.filter(({ path }) => scratch.has(path));
  const ids = await inParallel(copied, AT_ONCE, async ({ path }) => blobId(await scratch.read(path)));
  return copied.filter(({ id }, index) => ids[index] !== id);
}

/** Tells each change as an effect and, unless this is a plan, writes it. */
export async function applyChanges(
  context: ActionContext,
  workspace: string,
  scratch: Scratch,
  changed: readonly Source[],
): Promise<Applied> {
  const changes: Change[] = [];
  const skipped: Skipped[] = [];
  for (const source of changed) {
    if (context.signal.aborted)
      throw new ActionError('cancelled', 'the call was cancelled; no file is half written');
    const reason = await replace(context, workspace, scratch, source);
    if (reason === undefined) changes.push({ path: source.path, change: 'modified', before: source.id });
    else skipped.push({ tool: 'code', ...reason });
  }
  return { changes, skipped };
}

async function replace(
  context: ActionContext,
  workspace: string,
  scratch: Scratch,
  source: Source,
): Promise<Omit<Skipped, 'tool'> | undefined> {
  const { path } = source;
  const after = await scratch.read(path);
  const before = await readUnchanged(workspace, source);
  if (before === undefined) return changedMeanwhile(path);
  if (after.length === 0 && before.length > 0) {
    return { reason: 'emptied', message: `a tool left nothing of ${path}; it stays as it is` };
  }
  const target = join(workspace, path);
  // A rename would replace it all the same, and root may write anything: that is not what the owner meant.
  if (((await lstat(target)).mode & 0o222) === 0) {
    return { reason: 'read_only', message: `${path} is read-only; it stays as it is` };
  }
  const refused = context.mode === 'apply' ? await write(target, before, after, path) : undefined;
  if (refused !== undefined) return refused;
  const diff = unifiedDiff(path, before, after);
  context.effect({
    kind: 'file',
    change: 'modified',
    path,
    bytes: after.length,
    ...(diff === undefined ? {} : { diff }),
  });
  return undefined;
}

/** Undefined when the file does not hold what it held any more, or is not where it was. */
async function readUnchanged(workspace: string, { path, id }: Source): Promise<Buffer | undefined> {
  const expected = join(workspace, path);
  const real = await resolveEntryInside(workspace, path).catch(() => undefined);
  if (real !== expected || !(await lstat(expected).catch(() => undefined))?.isFile()) return undefined;
  const content = await readFile(expected);
  return blobId(content) === id ? content : undefined;
}

async function write(
  target: string,
  before: Buffer,
  after: Buffer,
  path: string,
): Promise<Omit<Skipped, 'tool'> | undefined> {
  try {
    await writeAtomic(target, after, { ifVersion: contentVersion(before) });
    return undefined;
  } catch (error) {
    if (isKitError(error) && error.code === 'changed_meanwhile') return changedMeanwhile(path);
    if (isKitError(error) && error.code === 'not_writable')
      return { reason: error.code, message: error.message };
    throw error;
  }
}

function changedMeanwhile(path: string): Omit<Skipped, 'tool'> {
  return {
    reason: 'changed_meanwhile',
    message: `${path} was changed while it was worked on; it is left as it is now`,
    hint: 'run it again',
  };
}
