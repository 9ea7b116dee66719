import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { readPackageFile } from './list-package-files.ts';
import { ENTRIES, type PackageIndex } from './package-index.ts';
import type { Signature } from './signing-key.ts';

/** The same bytes for the same content: no times, no owners, sorted. */
const PLAIN = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' } as const;

/** Writes the archive beside its place first, so that there is never half of one. */
export async function writeArchive(
  file: string,
  folder: string,
  index: PackageIndex,
  signature: Signature | undefined,
): Promise<void> {
  const archive = pack();
  const unfinished = `${file}.part`;
  const writing = pipeline(
    archive,
    createGzip({ level: constants.Z_BEST_COMPRESSION }),
    createWriteStream(unfinished, { mode: 0o644 }),
  );
  try {
    const filling = fill(archive, folder, index, signature).catch((error: Error) => {
      archive.destroy(error);
      throw error;
    });
    await Promise.all([writing, filling]);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function fill(
  archive: Pack,
  folder: string,
  index: PackageIndex,
  signature: Signature | undefined,
): Promise<void> {
  await putText(archive, ENTRIES.index, index);
  if (signature !== undefined) await putText(archive, ENTRIES.signature, signature);
  for (const file of index.files) {
    const mode = file.executable === true ? 0o755 : 0o644;
    const header = { ...PLAIN, name: `${ENTRIES.files}${file.path}`, size: file.size, mode };
    // A file that grows while it is packed is refused by the archive, which was told its size.
    await pipeline(readPackageFile(folder, file), archive.entry(header));
  }
  archive.finalize();
}

function putText(archive: Pack, name: string, value: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const text = `${JSON.stringify(value, undefined, 1)}\n`;
    archive.entry({ ...PLAIN, name, mode: 0o644 }, text, (error) => (error ? reject(error) : resolve()));
  });
}
