import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { readGit } from '../../tree/read-git.ts';
import { tagsOf } from '../identify/identify.ts';
import { type IndexEntry, readEntries, readStaged, type StagedChange } from './index-entries.ts';
import { branchOf, copyIndex, type Repository } from './repository.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { contentAt, isSameFile, LARGEST_BYTES, type StagedFile } from './staged-file.ts';

/** Files that are read before others get a turn, for example a cancellation. */
const BATCH = 128;

/**
 * Exactly what is staged, with what the hooks have changed of it.
 * Invariants:
 * 1. A content counts as staged only when its hash is the one that the index names; the work tree is read because
 *    that is fast, and what differs there, for whatever reason, is checked out of the index instead.
 * 2. Nothing here writes to the work tree or to the repository's own index.
 * 3. `original` never changes; `current` differs from it exactly in the paths of `changed`.
 */
export interface Snapshot {
  readonly repository: Repository;
  readonly entries: ReadonlyMap<string, IndexEntry>;
  readonly staged: ReadonlyMap<string, StagedChange>;
  branch(): Promise<string | null>;
  /** Reads these files, so that `current` answers. */
  load(paths: readonly string[]): Promise<void>;
  original(path: string): StagedFile | undefined;
  /** Undefined when a hook deleted it. */
  current(path: string): StagedFile | undefined;
  tags(path: string): ReadonlySet<string>;
  /** Size in bytes, also of what is too large to be read. */
  bytes(path: string): number;
  change(path: string, file: StagedFile | undefined): void;
  changed(): readonly string[];
  /** A folder with the current state of all files, made when it is first asked for. */
  scratch(): Promise<Scratch>;
  /** As `scratch`, but only what is there already. */
  openedScratch(): Scratch | undefined;
}

export async function openSnapshot(context: ActionContext, repository: Repository): Promise<Snapshot> {
  const folder = await context.tempDir();
  const index = join(folder, 'index');
  await copyIndex(repository, index);
  const [entries, staged] = await Promise.all([
    readEntries(context, repository, index),
    readStaged(context, repository, index),
  ]);
  const originals = new Map<string, StagedFile>();
  const changes = new Map<string, StagedFile | undefined>();
  const sizes = new Map<string, number>();
  const tagged = new Map<string, ReadonlySet<string>>();
  let opening: Promise<Scratch> | undefined;
  let scratch: Scratch | undefined;

  const read = async (paths: readonly string[]) => {
    const differing: string[] = [];
    for (const [number, path] of paths.entries()) {
      const entry = entries.get(path);
      if (entry === undefined || originals.has(path)) continue;
      const found = readWorkTree(repository, path, entry);
      if (found === undefined) differing.push(path);
      else originals.set(path, found);
      if (number % BATCH === BATCH - 1) await breathe();
    }
    await readFromIndex(differing);
  };
  const readFromIndex = async (differing: readonly string[]) => {
    if (differing.length === 0) return;
    for (const [path, bytes] of await stagedSizes(context, repository, differing, entries))
      sizes.set(path, bytes);
    const isLarge = (path: string) => (sizes.get(path) ?? 0) > LARGEST_BYTES;
    for (const path of differing.filter(isLarge)) {
      originals.set(path, { mode: entries.get(path)?.mode ?? '', content: undefined });
    }
    const paths = differing.filter((path) => !isLarge(path));
    const place = join(folder, 'staged');
    const args = ['checkout-index', '--force', '-z', '--stdin', `--prefix=${place}/`];
    const { code, stderr } = await readGit(context, repository.root, args, {
      env: { GIT_INDEX_FILE: index },
      stdin: paths.map((path) => `${path}\0`).join(''),
    });
    if (code !== 0)
      throw new ActionError('git_failed', `git cannot write the staged files: ${stderr.trim()}`);
    for (const path of paths) {
      const mode = entries.get(path)?.mode ?? '';
      originals.set(path, { mode, content: contentAt(join(place, path), mode) });
    }
  };
  const current = (path: string) => (changes.has(path) ? changes.get(path) : originals.get(path));

  return {
    repository,
    entries,
    staged,
    branch: () => branchOf(context, repository),
    load: read,
    original: (path) => originals.get(path),
    current,
    tags(path) {
      const known = tagged.get(path);
      if (known !== undefined) return known;
      const mode = entries.get(path)?.mode ?? '';
      const tags = tagsOf(path, mode, () => originals.get(path)?.content ?? Buffer.alloc(0));
      tagged.set(path, tags);
      return tags;
    },
    bytes: (path) => current(path)?.content?.length ?? sizes.get(path) ?? 0,
    change(path, file) {
      const original = originals.get(path);
      if (isSameFile(file, original)) changes.delete(path);
      else changes.set(path, file);
    },
    changed: () => [...changes.keys()].sort(),
    async scratch() {
      // Several hooks may ask for it at once and must get the same one.
      opening ??= openScratch(context, repository, index, [...changes]);
      scratch = await opening;
      return scratch;
    },
    openedScratch: () => scratch,
  };
}

async function stagedSizes(
  context: ActionContext,
  { root }: Repository,
  paths: readonly string[],
  entries: ReadonlyMap<string, IndexEntry>,
): Promise<readonly (readonly [path: string, bytes: number])[]> {
  const stdin = paths.map((path) => `${entries.get(path)?.id}\n`).join('');
  const args = ['cat-file', '--batch-check=%(objectsize)'];
  const { stdout } = await readGit(context, root, args, { stdin });
  const lines = stdout.split('\n');
  return paths.map((path, line) => [path, Number(lines[line])] as const);
}

/** Undefined when the work tree holds something else than the index, or when that cannot be told. */
function readWorkTree(
  { root, hash }: Repository,
  path: string,
  { mode, id }: IndexEntry,
): StagedFile | undefined {
  if (mode === '160000') return { mode, content: undefined };
  const content = contentAt(join(root, path), mode);
  if (content === undefined) return undefined;
  const found = createHash(hash).update(`blob ${content.length}\0`).update(content).digest('hex');
  return found === id ? { mode, content } : undefined;
}
