import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '@cadre/core/errors';

/** The texts of artifacts as files: `artifacts/ab/ab12…`, readable by their owner alone. */
export interface ArtifactFiles {
  /** Durable before it answers: written beside, flushed, and then given its name. */
  write(digest: string, text: string): Promise<void>;
  /** The same for bytes that lie in a file, which shares them where the file system can. */
  take(digest: string, file: string): Promise<void>;
  /** Where its bytes are; undefined: nowhere. */
  find(digest: string): Promise<string | undefined>;
  /** Undefined: there is none. */
  read(digest: string): Promise<string | undefined>;
  /**
   * Takes it away unless `isWanted` says, once it is out of the way, that somebody has come to want it meanwhile: then it is
   * put back. Whoever wants one looks, after having said so, whether it is still there.
   */
  remove(digest: string, isWanted: () => Promise<boolean>): Promise<void>;
  /** Digests of what is there since before a time; what is no artifact, but was to become one, is removed. */
  listOld(before: number): AsyncGenerator<string>;
}

const NAME = /^[0-9a-f]{64}$/;
const ASIDE = '.gone';

export function openArtifactFiles(folder: string): ArtifactFiles {
  let taken = 0;
  const hexOf = (digest: string) => digest.slice(digest.indexOf(':') + 1);
  const placeOf = (digest: string) => join(folder, hexOf(digest).slice(0, 2), hexOf(digest));

  return {
    async write(digest, text) {
      const path = placeOf(digest);
      try {
        if ((await sizeOf(path)) === Buffer.byteLength(text)) return;
        // Late: whoever only looks writes none.
        const { writeAtomic } = await import('@cadre/kit/files');
        await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
        await writeAtomic(path, text, { mode: 0o600 });
      } catch (error) {
        throw cannotWrite(path, error);
      }
    },
    async take(digest, file) {
      const path = placeOf(digest);
      try {
        if ((await sizeOf(path)) === (await stat(file)).size) return;
        const { flushFolder } = await import('@cadre/kit/files');
        await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
        const beside = `${path}.${process.pid}-${++taken}.new`;
        await link(file, beside).catch(() => copyWhole(file, beside));
        await rename(beside, path);
        await flushFolder(join(path, '..'));
      } catch (error) {
        throw cannotWrite(path, error);
      }
    },
    find: async (digest) => ((await sizeOf(placeOf(digest))) === undefined ? undefined : placeOf(digest)),
    async read(digest) {
      try {
        return await readFile(placeOf(digest), 'utf8');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw new CadreError('store_unavailable', `cannot read ${placeOf(digest)}: ${messageOf(error)}`);
      }
    },
    async remove(digest, isWanted) {
      const path = placeOf(digest);
      try {
        await rename(path, path + ASIDE);
      } catch (error) {
        if (isMissing(error)) return;
        throw cannotWrite(path, error);
      }
      if (await isWanted()) await rename(path + ASIDE, path);
      else await rm(path + ASIDE, { force: true });
    },
    async *listOld(before) {
      for (const part of await list(folder)) {
        for (const name of await list(join(folder, part))) {
          const path = join(folder, part, name);
          const found = await stat(path).catch(() => undefined);
          if (found === undefined || found.mtimeMs > before) continue;
          if (NAME.test(name)) yield `sha256:${name}`;
          // One that was taken aside by somebody who died is put back: whether it is wanted is asked the next time.
          else if (name.endsWith(ASIDE)) await rename(path, path.slice(0, -ASIDE.length));
          else await rm(path, { force: true });
        }
      }
    },
  };
}

/** On another file system, or on one without hard links. */
async function copyWhole(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, 'r+');
  await file.datasync().finally(() => file.close());
}

async function list(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function cannotWrite(path: string, error: unknown): CadreError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isFull = code === 'disk_full' || code === 'ENOSPC';
  const message = `cannot keep an artifact as ${path}: ${messageOf(error)}`;
  return new CadreError(isFull ? 'disk_full' : 'store_unavailable', message, {
    cause: error,
    hint: isFull
      ? 'make room, or remove what is due: cadre clean'
      : 'see who owns the folder and what it permits',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
