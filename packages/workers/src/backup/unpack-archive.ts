import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ActionError } from '@cadre/sdk';
import { type ArchiveManifest, BUNDLE_NAME, FILES_PREFIX, MANIFEST_NAME } from './manifest.ts';
import { type ArchivePart, readArchive } from './read-archive.ts';

export interface Unpacked {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Unpacks the files that are wanted into an empty folder, and the bundle of the history beside it.
 * Invariants:
 * 1. Nothing is written outside the folder: names with `..` and absolute ones are refused, and links are made last,
 *    so that no file can be written through one.
 * 2. Nothing is overwritten: every file is made anew.
 * 3. A file whose bytes do not fit its hash in the manifest ends the restoration.
 */
export async function unpackArchive(
  archive: string,
  options: {
    readonly folder: string;
    readonly bundle: string;
    readonly manifest: ArchiveManifest;
    readonly wanted: (path: string) => boolean;
    readonly signal: AbortSignal;
  },
): Promise<Unpacked> {
  const { folder, manifest, wanted, signal } = options;
  const entries = new Map(manifest.entries.map((entry) => [entry.path, entry]));
  const links: { place: string; target: string }[] = [];
  let files = 0;
  let bytes = 0;
  await readArchive(archive, signal, async (part) => {
    const { header } = part;
    if (header.name === MANIFEST_NAME) return drain(part);
    if (header.name === BUNDLE_NAME) {
      await writePart(part, options.bundle);
      return;
    }
    const path = safeName(header.name);
    const entry = entries.get(path);
    if (!wanted(path)) return drain(part);
    files += 1;
    if (entry?.kind === 'link') {
      links.push({ place: join(folder, path), target: entry.target });
      return drain(part);
    }
    const sha256 = await writePart(part, join(folder, path));
    if (sha256 !== entry?.sha256) throw damaged(path);
    bytes += entry.bytes;
    await chmod(join(folder, path), entry.mode & 0o777);
  });
  for (const { place, target } of links) {
    await mkdir(dirname(place), { recursive: true });
    await symlink(target, place);
  }
  return { files, bytes };
}

/** The path of a file in the archive. Throws ActionError `denied` for one that would leave the folder. */
function safeName(name: string): string {
  const path = name.startsWith(FILES_PREFIX) ? name.slice(FILES_PREFIX.length) : '';
  const parts = path.split('/');
  const isSafe = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !/[\0\\]/.test(path);
  if (isSafe) return path;
  throw new ActionError('denied', `the archive holds ${JSON.stringify(name)}, which would leave the target`, {
    hint: 'the archive was tampered with: restore another one',
  });
}

async function writePart({ header, content }: ArchivePart, place: string): Promise<string> {
  await mkdir(dirname(place), { recursive: true });
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(hashed, createWriteStream(place, { flags: 'wx', mode: 0o600 }));
  if (header.mtime !== undefined) await utimes(place, header.mtime, header.mtime);
  return hash.digest('hex');
}

async function drain({ content }: ArchivePart): Promise<void> {
  for await (const _chunk of content);
}

function damaged(path: string): ActionError {
  return new ActionError('backup_damaged', `${path} in the archive differs from its hash`, {
    hint: 'restore another archive, or the other files with only',
  });
}
