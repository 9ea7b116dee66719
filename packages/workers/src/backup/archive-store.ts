import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { writeAtomic } from '../tree/write-atomic.ts';

const SUFFIX = '.tar.gz';
const PARTIAL = '.partial';
/** Longer than any backup may run: what is older belongs to a process that died. */
const ABANDONED_MS = 24 * 60 * 60 * 1_000;

/** Stands beside an archive once it was read back and found whole. */
export interface Proof {
  readonly createdAt: string;
  readonly run: string;
  readonly files: number;
  /** Size of the archive, so that one that was cut later does not count as verified. */
  readonly bytes: number;
  readonly verifiedAt: string;
}

export interface StoredArchive {
  readonly archive: string;
  readonly createdAt: string;
  readonly bytes: number;
  readonly verified: boolean;
  readonly files: number | null;
  readonly run: string | null;
}

export function archiveFolder(context: ActionContext): string {
  return join(context.dataDir, 'backups');
}

export function archivePath(context: ActionContext, archive: string): string {
  return join(archiveFolder(context), archive);
}

export async function writeProof(context: ActionContext, archive: string, proof: Proof): Promise<void> {
  await writeAtomic(`${archivePath(context, archive)}.json`, `${JSON.stringify(proof)}\n`);
}

/** Newest first. */
export async function listArchives(context: ActionContext): Promise<StoredArchive[]> {
  const names = (await namesIn(context)).filter((name) => name.endsWith(SUFFIX));
  const archives = await Promise.all(names.map((name) => describe(context, name)));
  return archives.toSorted((a, b) => compare(b.createdAt, a.createdAt) || compare(b.archive, a.archive));
}

/** The archive named, that of a run, or the newest verified one. Throws ActionError `not_found`. */
export async function findArchive(
  context: ActionContext,
  wanted: { readonly archive?: string; readonly run?: string },
): Promise<StoredArchive> {
  const archives = await listArchives(context);
  const found = archives.find(
    ({ archive, run, verified }) =>
      (wanted.archive ?? archive) === archive &&
      (wanted.run ?? run) === run &&
      (verified || wanted.archive !== undefined),
  );
  if (found !== undefined) return found;
  const what =
    wanted.archive ?? (wanted.run === undefined ? 'verified backup' : `backup of the run ${wanted.run}`);
  throw new ActionError('not_found', `there is no ${what} of this workspace`, {
    hint:
      archives[0] === undefined
        ? 'make one with backup/snapshot'
        : `the newest one is ${archives[0].archive}`,
  });
}

/** Verified archives beyond the newest `keep`; at least one always stays, and what is not verified is not counted. */
export async function excessArchives(context: ActionContext, keep: number): Promise<string[]> {
  const verified = (await listArchives(context)).filter((archive) => archive.verified);
  return verified.slice(Math.max(keep, 1)).map(({ archive }) => archive);
}

export async function removeArchives(context: ActionContext, archives: readonly string[]): Promise<void> {
  for (const archive of archives) {
    await rm(archivePath(context, archive), { force: true });
    await rm(`${archivePath(context, archive)}.json`, { force: true });
  }
}

/** Removes the half archives of processes that died. */
export async function removeAbandoned(context: ActionContext): Promise<void> {
  for (const name of (await namesIn(context)).filter((candidate) => candidate.endsWith(PARTIAL))) {
    const path = archivePath(context, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

export function partialPath(context: ActionContext, archive: string): string {
  return archivePath(context, `.${archive}${PARTIAL}`);
}

/** Gives a complete archive its name so that a power cut cannot take it back. Answers its size in bytes. */
export async function nameArchive(context: ActionContext, archive: string): Promise<number> {
  const path = archivePath(context, archive);
  await rename(partialPath(context, archive), path);
  const folder = await open(archiveFolder(context), 'r');
  await folder.sync().finally(() => folder.close());
  return (await stat(path)).size;
}

async function namesIn(context: ActionContext): Promise<string[]> {
  return readdir(archiveFolder(context)).catch(() => []);
}

async function describe(context: ActionContext, archive: string): Promise<StoredArchive> {
  const path = archivePath(context, archive);
  const { size, mtime } = await stat(path);
  const text = await readFile(`${path}.json`, 'utf8').catch(() => undefined);
  const proof = text === undefined ? undefined : (JSON.parse(text) as Proof);
  return {
    archive,
    createdAt: proof?.createdAt ?? mtime.toISOString(),
    bytes: size,
    verified: proof?.bytes === size,
    files: proof?.files ?? null,
    run: proof?.run ?? null,
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
