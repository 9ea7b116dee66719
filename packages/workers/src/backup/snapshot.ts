import { mkdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type ActionContext,
  ActionError,
  defineAction,
  type Finding,
  type StepReport,
  toFailure,
} from '@cadre/sdk';
import { freeName } from '../tree/free-name.ts';
import { type ListedEntry, listEntries } from '../tree/list-files.ts';
import { relativePath, resolveInside } from '../tree/safe-path.ts';
import {
  archiveFolder,
  archivePath,
  excessArchives,
  nameArchive,
  partialPath,
  removeAbandoned,
  removeArchives,
  writeProof,
} from './archive-store.ts';
import { bundleHistory } from './bundle-history.ts';
import { verifyArchive } from './read-archive.ts';
import { writeArchive } from './write-archive.ts';

interface SnapshotInput {
  readonly path?: string;
  readonly keep?: number;
  readonly exclude?: readonly string[];
  readonly ignored?: boolean;
  readonly history?: boolean;
  readonly complete?: boolean;
}

interface SnapshotReport extends StepReport {
  readonly archive: string | null;
  readonly removed: readonly string[];
}

/** Files between two messages of progress. */
const PROGRESS_STEP = 100;

/**
 * Writes `<workspace>_<UTC time>_hygiene.tar.gz`. It gets its name only when it is complete on the disk, and counts as
 * a backup only when it was read back and every hash fits. Fails with `backup_failed`; then no half archive stays.
 */
export const snapshot = defineAction(async (input: SnapshotInput, context): Promise<SnapshotReport> => {
  const root = await resolveInside(context.workspace, '.');
  const entries = await listAll(input, root, context);
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const archive = await freeName(archiveFolder(context), basename(root), '_hygiene.tar.gz');
  context.effect({ kind: 'archive', path: archivePath(context, archive), files: entries.length, bytes });
  const numbers = { files: entries.length, bytes };
  if (context.mode === 'preview') {
    const summary = `${entries.length} files (${bytes} bytes) would be archived`;
    return { ...emptyReport(summary), archive: null, removed: [], metrics: numbers };
  }
  try {
    return await archiveAll(input, { root, entries, archive }, context);
  } catch (error) {
    await rm(partialPath(context, archive), { force: true });
    await rm(partialPath(context, `${archive}.bundle`), { force: true });
    throw asBackupFailure(error, context);
  }
});

async function listAll(input: SnapshotInput, root: string, context: ActionContext): Promise<ListedEntry[]> {
  // Archives that lie inside the workspace would hold each other.
  const own = `${relativePath(root, archiveFolder(context))}/`;
  const entries = await listEntries(context, {
    nested: true,
    exclude: input.exclude ?? [],
    ...(input.path === undefined ? {} : { path: input.path }),
    ...(input.ignored === undefined ? {} : { ignored: input.ignored }),
  });
  return entries.filter(({ path }) => !path.startsWith(own));
}

async function archiveAll(
  input: SnapshotInput,
  { root, entries, archive }: { root: string; entries: readonly ListedEntry[]; archive: string },
  context: ActionContext,
): Promise<SnapshotReport> {
  await mkdir(archiveFolder(context), { recursive: true, mode: 0o700 });
  await removeAbandoned(context);
  const withHistory = input.history !== false && (input.path ?? '.') === '.';
  const { bundle, skipped } = withHistory
    ? await bundleHistory(context, root, partialPath(context, `${archive}.bundle`))
    : { bundle: null, skipped: [] };
  const unreadable: Finding[] = [];
  const createdAt = new Date().toISOString();
  const partial = partialPath(context, archive);
  const manifest = await writeArchive(partial, {
    root,
    entries,
    bundle,
    about: { workspace: basename(root), createdAt, run: context.run },
    signal: context.signal,
    onEntry: (done) => tellProgress(context, done, entries.length),
    onUnreadable: (path, error) => unreadable.push(unreadableFinding(path, error)),
  });
  await rm(partialPath(context, `${archive}.bundle`), { force: true });
  refuseIncomplete(input, manifest.entries.length, unreadable);
  const bytes = await proveAndName(context, { archive, partial, createdAt, files: manifest.entries.length });
  const removed = await excessArchives(context, input.keep ?? 10);
  await removeArchives(context, removed);
  const summary = `${manifest.entries.length} files in ${archive} (${bytes} bytes), verified`;
  return {
    ...emptyReport(unreadable.length === 0 ? summary : `${summary}; ${unreadable.length} could not be read`),
    archive,
    removed,
    findings: unreadable,
    metrics: {
      files: manifest.entries.length,
      bytes,
      unreadable: unreadable.length,
      removed: removed.length,
    },
    artifacts: [archivePath(context, archive)],
    skipped,
  };
}

function tellProgress(context: ActionContext, done: number, total: number): void {
  if (done % PROGRESS_STEP === 0) context.progress({ label: 'archived', done, total, unit: 'files' });
}

/** Reads the archive back as a whole, and only then gives it its name. Answers its size in bytes. */
async function proveAndName(
  context: ActionContext,
  made: {
    readonly archive: string;
    readonly partial: string;
    readonly createdAt: string;
    readonly files: number;
  },
): Promise<number> {
  const { problems } = await verifyArchive(made.partial, context.signal);
  if (problems.length > 0) {
    throw new ActionError('backup_failed', `the archive is not what was written: ${problems[0]}`, {
      retryable: true,
      hint: 'check the disk, it may be failing',
      details: { problems: problems.slice(0, 20) },
    });
  }
  const bytes = await nameArchive(context, made.archive);
  const { createdAt, files } = made;
  await writeProof(context, made.archive, {
    createdAt,
    run: context.run,
    files,
    bytes,
    verifiedAt: new Date().toISOString(),
  });
  return bytes;
}

function refuseIncomplete(input: SnapshotInput, archived: number, unreadable: readonly Finding[]): void {
  const [first] = unreadable;
  if (first === undefined || (archived > 0 && !input.complete)) return;
  throw new ActionError('backup_failed', `${unreadable.length} files could not be read: ${first.message}`, {
    hint: 'make them readable, or exclude them',
    details: { files: unreadable.slice(0, 20).map(({ file }) => file) },
  });
}

function unreadableFinding(path: string, error: unknown): Finding {
  return {
    tool: 'backup',
    rule: 'unreadable',
    severity: 'medium',
    confidence: 'high',
    file: path,
    message: `${path} is not in the backup: ${toFailure(error).message}`,
    fix: 'make it readable, or exclude it',
  };
}

const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space and try again',
  EDQUOT: 'the disk quota is used up: free some space and try again',
  EFBIG: 'files on this system may not become so large',
};

function asBackupFailure(error: unknown, context: ActionContext): unknown {
  const failure = toFailure(error);
  if (context.signal.aborted || failure.code === 'backup_failed') return error;
  const system = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ActionError('backup_failed', `the backup was not made: ${failure.message}`, {
    retryable: SYSTEM_HINTS[system] === undefined,
    cause: failure,
    hint: SYSTEM_HINTS[system] ?? 'try again when nothing changes the files',
  });
}

function emptyReport(summary: string): StepReport {
  return { summary, changes: [], findings: [], metrics: {}, artifacts: [], skipped: [] };
}
