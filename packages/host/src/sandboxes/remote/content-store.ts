import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

type Pieces = AsyncIterable<Buffer> | Iterable<Buffer>;

/** Contents of files by their SHA-256, in a folder that nobody else writes to. */
export interface ContentStore {
  has(hash: string): boolean;
  /** The file with this content. */
  pathOf(hash: string): string;
  /** Keeps what comes, if it is what was said. Throws otherwise, and keeps nothing. */
  put(hash: string, pieces: Pieces): Promise<void>;
  /** It was of use: it goes later than what was not. */
  touch(hash: string): Promise<void>;
  /** Makes room when there is more than was agreed: what was not used for longest goes first. */
  trim(): Promise<void>;
}

export function openContentStore(folder: string, mostBytes: number): ContentStore {
  const pathOf = (hash: string) => join(folder, hash.slice(0, 2), hash);
  const made = new Set<string>();
  return {
    has: (hash) => existsSync(pathOf(hash)),
    pathOf,
    async put(hash, pieces) {
      const path = pathOf(hash);
      if (!made.has(dirname(path))) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      made.add(dirname(path));
      const temporary = `${path}.${randomUUID()}`;
      try {
        const found = await write(temporary, pieces);
        if (found !== hash) throw new Error('what was sent is not what was said: another content');
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async touch(hash) {
      const now = new Date();
      await utimes(pathOf(hash), now, now).catch(() => {});
    },
    async trim() {
      const kept = (await contents(folder)).sort((a, b) => b.usedMs - a.usedMs);
      let sum = 0;
      for (const { path, size } of kept) {
        sum += size;
        if (sum > mostBytes) await rm(path, { force: true });
      }
    },
  };
}

async function write(path: string, pieces: Pieces): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function contents(folder: string) {
  const found: { path: string; size: number; usedMs: number }[] = [];
  for (const part of await readdir(folder).catch(() => [])) {
    for (const name of await readdir(join(folder, part)).catch(() => [])) {
      const path = join(folder, part, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats?.isFile() === true) found.push({ path, size: stats.size, usedMs: stats.mtimeMs });
    }
  }
  return found;
}
