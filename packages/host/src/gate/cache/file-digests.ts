import { createHash, hash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import type { FileIndex, NotedFile } from '../../ports/file-index.ts';
import { filesOfGit, listOfFolder } from '../scratch-list.ts';
import { look, stampAt, stampOf } from './stamp.ts';

export interface FileDigests {
  /**
   * One digest over path, kind, mode and content of the files of the workspace that `isMeant`: those that git does not
   * ignore; without git all but the usual caches.
   */
  workspace(isMeant: (path: string) => boolean): Promise<string>;
  /** The same over a copy of the workspace, of which nothing is remembered. */
  copy(root: string, isMeant: (path: string) => boolean): Promise<string>;
}

export interface FileDigestSettings {
  readonly workspace: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly index: FileIndex;
  readonly clock: Clock;
}

/**
 * A file that changed so short a time ago may change again within the same tick of the file system's clock, and its stamp
 * would not tell. FAT counts in steps of 2 s, everything else in milliseconds.
 */
const RACY_MS = 2_000;
/** Looked at in one go: some 2 ms, in which nothing else gets its turn. Asynchronous calls took five times as long. */
const AT_ONCE = 200;
/** Larger ones are read piece by piece. */
const LARGE_BYTES = 1024 * 1024;

type Known = Map<string, NotedFile>;

/**
 * Invariants
 * 1. A digest is taken from the index only under exactly the stamp (size, both times, number, mode) it was noted with.
 * 2. A file that changed within 2 s before it was looked at is read, and not noted: git calls such an entry racy.
 * 3. A file that changes while it is read is read again by whoever looks next, because its stamp was taken before.
 */
export function openFileDigests(settings: FileDigestSettings): FileDigests {
  const { workspace, index } = settings;
  const place = `${hostname()}:${workspace}`;
  let known: Promise<Known> | undefined;
  const read = async () => new Map(await index.read(place));

  return {
    async workspace(isMeant) {
      known ??= read();
      const before = await known;
      const { digest, noted, present } = await digestOf(workspace, isMeant, before, settings);
      const forgotten = [...before.keys()].filter((path) => !present.has(path));
      for (const [path, one] of noted) before.set(path, one);
      for (const path of forgotten) before.delete(path);
      if (noted.size + forgotten.length > 0) await index.note(place, noted, forgotten);
      return digest;
    },
    copy: async (root, isMeant) => (await digestOf(root, isMeant, new Map(), settings)).digest,
  };
}

interface Looked {
  readonly digest: string;
  /** What can be remembered of what was read. */
  readonly noted: Known;
  /** Everything that is there, meant or not. */
  readonly present: ReadonlySet<string>;
}

async function digestOf(
  root: string,
  isMeant: (path: string) => boolean,
  known: Known,
  { environment, clock }: Pick<FileDigestSettings, 'environment' | 'clock'>,
): Promise<Looked> {
  const whole = createHash('sha256');
  const noted: Known = new Map();
  // Repositories inside this one are added while the list is gone through.
  const paths = [...(await listFiles(root, environment))];
  for (let number = 0; number < paths.length; number++) {
    if (number % AT_ONCE === AT_ONCE - 1) await nextTurn();
    const path = paths[number] ?? '';
    const lookedAt = clock.now();
    const place = join(root, path);
    const found = look(() => lstatSync(place, { throwIfNoEntry: false }));
    // Deleted and still in git's index, or what may not be looked at.
    if (found === undefined) continue;
    if (found.isDirectory()) paths.push(...(await filesInside(root, path, environment)));
    if (found.isDirectory() || !isMeant(path)) continue;
    const stamp = stampOf(found);
    const before = known.get(path);
    const isKnown = before?.stamp === stamp;
    const digest = isKnown ? before.digest : await contentDigest(place, found);
    if (!isKnown && !isRacy(found, lookedAt)) noted.set(path, { stamp, digest });
    whole.update(`${path}\0${kindOf(found)}\0${digest}\n`);
  }
  return { digest: whole.digest('hex'), noted, present: new Set(paths) };
}

async function listFiles(root: string, environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const listed = (await filesOfGit(root, environment)) ?? (await listOfFolder(root)).files;
  return [...listed].map((path) => (path.endsWith('/') ? path.slice(0, -1) : path)).sort();
}

/** Of a repository inside the repository; a submodule that was never checked out has nothing in it. */
async function filesInside(
  root: string,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  if (stampAt(join(root, folder, '.git')) === undefined) return [];
  return (await listFiles(join(root, folder), environment)).map((path) => `${folder}/${path}`);
}

/** Invariant 2. A time in the future, by a clock that went wrong, is racy too. */
function isRacy({ mtimeMs, ctimeMs }: Stats, lookedAt: number): boolean {
  return Math.max(mtimeMs, ctimeMs) > lookedAt - RACY_MS;
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'link';
  return found.isFile() ? `file ${(found.mode & 0o111) === 0 ? '' : 'x'}` : 'other';
}

async function contentDigest(path: string, found: Stats): Promise<string> {
  try {
    if (found.isSymbolicLink()) return hash('sha256', readlinkSync(path));
    if (!found.isFile()) return 'other';
    if (found.size <= LARGE_BYTES) return hash('sha256', readFileSync(path));
    const streamed = createHash('sha256');
    await pipeline(createReadStream(path), streamed);
    return streamed.digest('hex');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
