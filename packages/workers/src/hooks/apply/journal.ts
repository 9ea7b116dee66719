import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { entryAt, type StagedFile } from '../snapshot/staged-file.ts';
import type { WorkTreeChange } from './work-tree.ts';

/*
 * How several files and the index change as one.
 * Invariants:
 * 1. Everything new lies complete and synced in a folder of the repository's git folder before anything is replaced;
 *    `plan.json` appears there last, and without it the folder means nothing.
 * 2. Replacing is a row of renames without a pause in between: work tree first, index last. So what a kill in the
 *    middle leaves looks like edits that are not staged, never like a commit that nobody wanted.
 * 3. While git's own lock stands, it is this journal's index (the same file by a second name): nobody else writes.
 * 4. `recover` ends what was begun: forward when a file was replaced already, else by forgetting it. It touches only
 *    what is still as the plan found it.
 */

interface Plan {
  readonly root: string;
  readonly indexPath: string;
  /** Hash of the index that the new one was made from. */
  readonly indexBefore: string;
  readonly files: readonly PlannedFile[];
}

interface PlannedFile {
  readonly path: string;
  /** Look of what is replaced, and of what replaces it. */
  readonly before: string;
  readonly after: string;
  /** Name in the journal; absent when the file goes. */
  readonly content?: string;
}

export interface Journal {
  readonly folder: string;
  /** Where the new index is to be written. */
  readonly index: string;
}

/** Where the journals of a repository lie. */
export function journalsOf(gitDir: string): string {
  return join(gitDir, 'cadre-hooks');
}

export function createJournal(gitDir: string, id: string): Journal {
  const folder = join(journalsOf(gitDir), id);
  mkdirSync(join(folder, 'files'), { recursive: true });
  return { folder, index: join(folder, 'index') };
}

/** Writes down what is to be done. `index`: the index in use, when the new one in the journal shall replace it. */
export function writePlan(
  journal: Journal,
  root: string,
  changes: readonly WorkTreeChange[],
  index: { readonly path: string; readonly before: string } | undefined,
): void {
  const files = changes.map((change, number): PlannedFile => {
    const planned = { path: change.path, before: look(change.present), after: look(change.wanted) };
    if (change.wanted === undefined) return planned;
    writeContent(join(journal.folder, 'files', String(number)), change, change.wanted);
    return { ...planned, content: String(number) };
  });
  if (index !== undefined) syncFile(journal.index);
  const plan: Plan = { root, indexPath: index?.path ?? '', indexBefore: index?.before ?? '', files };
  const draft = join(journal.folder, 'plan.draft');
  writeFileSync(draft, JSON.stringify(plan));
  syncFile(draft);
  renameSync(draft, join(journal.folder, 'plan.json'));
  syncFile(journal.folder);
}

/** Takes git's lock on the index by giving the new index its name. False when somebody holds it. */
export function lockIndex(journal: Journal, indexPath: string): boolean {
  try {
    linkSync(journal.index, `${indexPath}.lock`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Gives the lock back if it is ours; once the index was replaced it may be somebody else's. */
export function unlockIndex(journal: Journal, indexPath: string): void {
  if (holdsLock(journal, indexPath)) rmSync(`${indexPath}.lock`);
}

/** The first file that is not as the plan found it; then nothing may be replaced. */
export function changedSince(journal: Journal): string | undefined {
  const plan = readPlan(journal.folder);
  return plan?.files.find(({ path, before }) => lookAt(plan.root, path) !== before)?.path;
}

/** Replaces everything, or nothing when the system refuses one of the files. The lock is held. */
export function carryOut(journal: Journal): void {
  const plan = readPlan(journal.folder);
  if (plan === undefined) return;
  const done: PlannedFile[] = [];
  try {
    for (const file of plan.files) {
      keep(journal.folder, plan.root, file);
      done.push(file);
      replace(journal.folder, plan.root, file);
    }
    if (plan.indexPath !== '') renameSync(`${plan.indexPath}.lock`, plan.indexPath);
  } catch (error) {
    for (const file of done) putBack(journal.folder, plan.root, file);
    throw error;
  }
  const folders = new Set(
    [plan.indexPath, ...plan.files.map(({ path }) => join(plan.root, path))].map(dirname),
  );
  for (const folder of folders) if (existsSync(folder)) syncFile(folder);
  discard(journal);
}

export function discard(journal: Journal): void {
  rmSync(journal.folder, { recursive: true, force: true });
}

export function hasJournals(gitDir: string): boolean {
  const folder = journalsOf(gitDir);
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Ends what killed processes began. Answers the files that were brought to their end. Call it alone. */
export function recover(gitDir: string): readonly string[] {
  const folder = journalsOf(gitDir);
  return readdirSync(folder).flatMap((id) =>
    recoverOne({ folder: join(folder, id), index: join(folder, id, 'index') }),
  );
}

function recoverOne(journal: Journal): readonly string[] {
  const plan = readPlan(journal.folder);
  const finished = plan === undefined ? [] : finish(journal, plan);
  discard(journal);
  return finished;
}

function finish(journal: Journal, plan: Plan): readonly string[] {
  const { root, indexPath, indexBefore, files } = plan;
  const looks = files.map((file) => ({ file, now: lookAt(root, file.path) }));
  const begun = looks.some(({ file, now }) => file.before !== file.after && now === file.after);
  const rest = begun ? looks.filter(({ file, now }) => now === file.before).map(({ file }) => file) : [];
  for (const file of rest) replace(journal.folder, root, file);
  const isOurs = indexPath !== '' && holdsLock(journal, indexPath);
  if (isOurs && begun && hashOf(indexPath) === indexBefore) renameSync(`${indexPath}.lock`, indexPath);
  else if (isOurs) unlockIndex(journal, indexPath);
  return rest.map(({ path }) => path);
}

function holdsLock(journal: Journal, indexPath: string): boolean {
  const lock = statSync(`${indexPath}.lock`, { throwIfNoEntry: false });
  const index = statSync(journal.index, { throwIfNoEntry: false });
  return lock !== undefined && index !== undefined && lock.ino === index.ino && lock.dev === index.dev;
}

function readPlan(folder: string): Plan | undefined {
  const path = join(folder, 'plan.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Plan) : undefined;
}

function replace(folder: string, root: string, file: PlannedFile): void {
  const target = join(root, file.path);
  if (file.content === undefined) {
    rmSync(target, { force: true });
    return;
  }
  const source = join(folder, 'files', file.content);
  mkdirSync(dirname(target), { recursive: true });
  renameOrCopy(source, target);
}

/** The git folder of a linked work tree may lie on another file system. */
function renameOrCopy(source: string, target: string): void {
  try {
    renameSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const beside = join(dirname(target), `.${randomUUID()}.tmp`);
    copyFileSync(source, beside);
    renameSync(beside, target);
  }
}

/** What is replaced lives on under a second name until all is done. */
function keep(folder: string, root: string, { path, before }: PlannedFile): void {
  if (before === '-') return;
  const kept = keptName(folder, path);
  try {
    linkSync(join(root, path), kept);
  } catch {
    // Another file system, or one without links.
    copyFileSync(join(root, path), kept);
  }
}

function putBack(folder: string, root: string, { path, before }: PlannedFile): void {
  const target = join(root, path);
  rmSync(target, { force: true });
  if (before !== '-') renameOrCopy(keptName(folder, path), target);
}

function keptName(folder: string, path: string): string {
  return join(folder, createHash('sha256').update(path).digest('hex'));
}

function writeContent(path: string, { stats }: WorkTreeChange, wanted: StagedFile): void {
  const content = wanted.content ?? Buffer.alloc(0);
  if (wanted.mode === '120000') {
    symlinkSync(content, path);
    return;
  }
  writeFileSync(path, content, { flag: 'wx' });
  if (stats !== undefined && process.getuid?.() === 0) chownSync(path, stats.uid, stats.gid);
  const present = stats?.isFile() ? stats.mode & 0o777 : 0o644;
  chmodSync(path, wanted.mode === '100755' ? present | ((present & 0o444) >> 2) : present & ~0o111);
  syncFile(path);
}

function lookAt(root: string, path: string): string {
  return look(entryAt(join(root, path)));
}

/** Mode and hash; `-` for nothing. */
function look(file: StagedFile | undefined): string {
  if (file === undefined) return '-';
  return `${file.mode} ${createHash('sha256')
    .update(file.content ?? '')
    .digest('hex')}`;
}

/** Empty for an index that does not exist. */
export function hashOf(path: string): string {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
