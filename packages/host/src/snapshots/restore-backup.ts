import { lstat, mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyTree, flushFolder, hashFile, isRunning, processStart, systemCode, walk } from '@cadre/kit/files';
import type { JsonObject, JsonValue, Outcome } from '@cadre/sdk';
import { Misplaced, placeEntry } from './place-entry.ts';

export interface RestoreOptions {
  /** Performs an action through the gate. */
  readonly call: (uses: string, input: JsonObject) => Promise<Outcome<JsonValue>>;
  /** Cadre's own folder for this workspace. */
  readonly dataDir: string;
}

export interface BackupFile {
  readonly path: string;
  /** `blocked`: a folder stands where the file belongs, or a file or link where a folder belongs. */
  readonly standing: 'new' | 'same' | 'differs' | 'blocked';
}

/** The files of a backup, unpacked and proved, beside the folder into which they shall go. */
export interface StagedBackup {
  readonly archive: string;
  readonly files: readonly BackupFile[];
  /** The git history comes along: only into a folder that is new or empty. */
  readonly history: boolean;
  /** Places what is new or differs; each file whole, and proved once more. */
  place(): Promise<PlacedBackup>;
  discard(): Promise<void>;
}

export interface PlacedBackup {
  readonly placed: readonly string[];
  readonly left: readonly { readonly path: string; readonly message: string }[];
}

/**
 * Unpacks the backup that a run made. The worker may write nowhere but in its own folder, so it proves and unpacks there;
 * what goes into the folder that a person named is put there by Cadre itself.
 */
export async function stageBackup(
  { call, dataDir }: RestoreOptions,
  wanted: { readonly run: string; readonly to: string; readonly paths: readonly string[] },
): Promise<Outcome<StagedBackup>> {
  const home = join(dataDir, 'workers/backup/restored');
  await sweep(home);
  const staged = join(home, `${process.pid}-${await processStart(process.pid)}-${wanted.run}`);
  const discard = () => rm(staged, { recursive: true, force: true });
  await discard();
  const { run, to, paths } = wanted;
  const unpacked = await call('backup/restore', {
    run,
    to: staged,
    ...(paths.length === 0 ? {} : { only: [...paths] }),
  });
  if (!unpacked.ok) {
    await discard();
    return unpacked;
  }
  const { archive } = unpacked.output as { archive: string };
  const files: BackupFile[] = [];
  for (const path of await filesOf(staged))
    files.push({ path, standing: await standingOf(staged, to, path) });
  const isFree = ((await readdir(to).catch(() => [])) as string[]).length === 0;
  const history = isFree && (await lstat(join(staged, '.git')).catch(() => undefined)) !== undefined;
  const place = () => placeFiles(staged, to, files, history);
  return { ok: true, output: { archive, files, history, place, discard } };
}

/** Of processes that died. */
async function sweep(home: string): Promise<void> {
  for (const name of await readdir(home).catch(() => [])) {
    const [pid = '', start = ''] = name.split('-');
    if (!(await isRunning(Number(pid), start))) await rm(join(home, name), { recursive: true, force: true });
  }
}

async function filesOf(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path, kind } of walk(folder, { gitignore: false })) {
    if (kind !== 'folder' && path !== '.git' && !path.startsWith('.git/')) paths.push(path);
  }
  return paths.sort();
}

async function standingOf(from: string, to: string, path: string): Promise<BackupFile['standing']> {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    const found = await lstat(join(to, folder)).catch(() => undefined);
    if (found !== undefined && !found.isDirectory()) return 'blocked';
  }
  const there = await lstat(join(to, path)).catch(() => undefined);
  if (there === undefined) return 'new';
  if (there.isDirectory()) return 'blocked';
  return (await contentOf(join(from, path))) === (await contentOf(join(to, path))) ? 'same' : 'differs';
}

async function contentOf(path: string): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return `link ${await readlink(path)}`;
  return found.isFile() ? `file ${await hashFile(path)}` : 'other';
}

async function placeFiles(
  from: string,
  to: string,
  files: readonly BackupFile[],
  history: boolean,
): Promise<PlacedBackup> {
  const placed: string[] = [];
  const left: { path: string; message: string }[] = [];
  await mkdir(to, { recursive: true });
  for (const { path, standing } of files) {
    if (standing === 'same') continue;
    const problem = standing === 'blocked' ? BLOCKED : await placeFile(from, to, path, standing);
    if (problem === undefined) placed.push(path);
    else left.push({ path, message: problem });
  }
  for (const folder of new Set(placed.map((path) => dirname(path)))) await flushFolder(join(to, folder));
  if (history) {
    const { failed } = await copyTree(join(from, '.git'), join(to, '.git'));
    for (const { path, message } of failed) left.push({ path: `.git/${path}`, message });
  }
  return { placed, left };
}

const BLOCKED = 'something else stands in its place';

/** Undefined when it went well. */
async function placeFile(
  from: string,
  to: string,
  path: string,
  seen: 'new' | 'differs',
): Promise<string | undefined> {
  const source = join(from, path);
  try {
    const found = await lstat(source);
    const kind = found.isSymbolicLink() ? ('link' as const) : ('file' as const);
    const entry = { kind, mode: found.mode & 0o7777, content: { copyOf: source } };
    const isAsSeen = async () => (await standingOf(from, to, path)) === seen;
    if (!(await placeEntry(to, path, entry, isAsSeen))) return 'it was changed meanwhile';
    return (await contentOf(source)) === (await contentOf(join(to, path)))
      ? undefined
      : 'what was written is not what was read: check the disk';
  } catch (error) {
    if (error instanceof Misplaced) return error.message;
    if (systemCode(error) === undefined || !(error instanceof Error)) throw error;
    return error.message;
  }
}
