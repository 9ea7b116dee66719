import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isInside } from '@cadre/kit/files';
import type { ActionContext } from '@cadre/sdk';
import { entryAt, isSameFile, type StagedFile } from '../snapshot/staged-file.ts';

/** One file that hooks have changed. */
export interface Fix {
  readonly path: string;
  /** As it was staged; undefined for a new file. */
  readonly before: StagedFile | undefined;
  /** Undefined when a hook deleted it. */
  readonly after: StagedFile | undefined;
  /** Whether the index shall follow, or the work tree alone. */
  readonly stage: boolean;
}

/** What shall become of a file in the work tree. */
export interface WorkTreeChange {
  readonly path: string;
  /** What stands there now, and must still stand there when it is replaced. */
  readonly present: StagedFile | undefined;
  readonly wanted: StagedFile | undefined;
  /** Permissions and owner that it has now. */
  readonly stats: Stats | undefined;
}

/**
 * How the fixes come into the work tree beside what is not staged there. `overlapping` are the files in which both
 * touch the same lines.
 */
export async function planWorkTree(
  context: ActionContext,
  root: string,
  fixes: readonly Fix[],
): Promise<{ readonly changes: readonly WorkTreeChange[]; readonly overlapping: readonly string[] }> {
  const changes: WorkTreeChange[] = [];
  const overlapping: string[] = [];
  for (const fix of fixes) {
    const path = join(root, fix.path);
    const present = isReachable(root, fix.path) ? entryAt(path) : undefined;
    const isDeletedThere = present === undefined && fix.before !== undefined;
    if (isDeletedThere) continue;
    const wanted = isSameFile(present, fix.before)
      ? { file: fix.after }
      : await merged(context, fix, present);
    if (wanted === undefined) overlapping.push(fix.path);
    else if (!isSameFile(present, wanted.file)) {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      changes.push({ path: fix.path, present, wanted: wanted.file, stats });
    }
  }
  return { changes, overlapping };
}

/** A folder may have been replaced by a link that leads elsewhere; then nothing of ours stands there. */
function isReachable(root: string, path: string): boolean {
  try {
    return isInside(realpathSync(root), realpathSync(dirname(join(root, path))));
  } catch {
    return true;
  }
}

/** Undefined when both sides changed the same lines, or something that has no lines. */
async function merged(
  context: ActionContext,
  { before, after }: Fix,
  present: StagedFile | undefined,
): Promise<{ readonly file: StagedFile } | undefined> {
  const sides = [present, before, after].map((side) => (side?.mode === '120000' ? undefined : side?.content));
  const [mine, base, theirs] = sides;
  if (mine === undefined || base === undefined || theirs === undefined) return undefined;
  const content = await mergeFiles(context, mine, base, theirs);
  if (content === undefined) return undefined;
  const mode = present?.mode === before?.mode ? after?.mode : present?.mode;
  return { file: { mode: mode ?? '100644', content } };
}

async function mergeFiles(
  context: ActionContext,
  mine: Buffer,
  base: Buffer,
  theirs: Buffer,
): Promise<Buffer | undefined> {
  const folder = await context.tempDir();
  const paths = ['mine', 'base', 'theirs'].map((name) => join(folder, name));
  const [minePath = ''] = paths;
  for (const [index, content] of [mine, base, theirs].entries()) await writeFile(paths[index] ?? '', content);
  // The result goes to the first file: on standard output bytes that are no UTF-8 would not survive.
  const { code } = await context.exec('git', ['merge-file', '--quiet', ...paths], { cwd: folder });
  return code === 0 ? readFile(minePath) : undefined;
}
