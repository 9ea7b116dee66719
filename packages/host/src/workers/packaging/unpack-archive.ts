import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isCadreError } from '@cadre/core';
import { extract, type Header } from 'tar-stream';
import { MOST_PACKAGE_BYTES } from '../../ports/packages.ts';
import {
  digestOf,
  ENTRIES,
  invalidPackage,
  MOST_FILES,
  MOST_INDEX_BYTES,
  type PackageFile,
  type PackageIndex,
  parseIndex,
} from './package-index.ts';
import { isSigned, keyIdOf, parseSignature, type Signature } from './signing-key.ts';

export interface Unpacked {
  readonly index: PackageIndex;
  readonly digest: string;
  /** Who signed it; undefined: nobody. A signature that is wrong is refused. */
  readonly signer: { readonly keyId: string; readonly key: string } | undefined;
}

/** A part of an archive; what is not read of it is passed over. */
type Entry = AsyncIterable<Buffer> & { readonly header: Header };

/** Each entry of an archive has a header of 512 bytes and is filled up to 512; and each may have some words on itself. */
const MOST_ARCHIVE_BYTES = MOST_PACKAGE_BYTES + MOST_INDEX_BYTES + MOST_FILES * 4_096;

/**
 * Unpacks a package into an empty folder. Throws CadreError `invalid_package`; what it has written until then is the caller's to
 * remove.
 *
 * Invariants
 * 1. Nothing is written but what the index names, under the name, with the size and the content that it says.
 * 2. Only plain files are: no link, no device, nothing outside of the folder, nothing twice.
 * 3. However small the archive is, no more is unpacked than a package may have.
 */
export async function unpackArchive(archive: string, folder: string): Promise<Unpacked> {
  const reading = new Reading(folder);
  const entries = extract();
  const fed = pipeline(createReadStream(archive), createGunzip(), atMost(MOST_ARCHIVE_BYTES), entries);
  const take = async () => {
    for await (const entry of entries) await reading.take(entry as unknown as Entry);
  };
  try {
    // What was refused first is the reason; the rest only follows from it.
    await Promise.all([take(), fed]);
    return reading.finish();
  } catch (error) {
    await fed.catch(() => undefined);
    if (isCadreError(error) || isSystemFault(error)) throw error;
    throw invalidPackage('it is damaged', error);
  }
}

class Reading {
  readonly #folder: string;
  #index: PackageIndex | undefined;
  #signature: Signature | undefined;
  #missing = new Map<string, PackageFile>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async take(entry: Entry): Promise<void> {
    const { name, type, size = 0 } = entry.header;
    if (type !== 'file')
      throw invalidPackage(`${JSON.stringify(name)} in it is a ${type}, and only plain files are taken`);
    if (this.#index === undefined) {
      if (name !== ENTRIES.index) throw invalidPackage(`it does not begin with ${ENTRIES.index}`);
      this.#index = parseIndex(await textOf(entry, size));
      this.#missing = new Map(this.#index.files.map((file) => [`${ENTRIES.files}${file.path}`, file]));
      return;
    }
    if (name === ENTRIES.signature) {
      if (this.#signature !== undefined) throw invalidPackage('it is signed twice');
      this.#signature = parseSignature(await textOf(entry, size));
      return;
    }
    const file = this.#missing.get(name);
    if (file === undefined)
      throw invalidPackage(`it holds ${JSON.stringify(name)}, which its index does not name, or twice`);
    this.#missing.delete(name);
    if (size !== file.size)
      throw invalidPackage(`${file.path} has ${size} bytes, and its index says ${file.size}`);
    await this.#write(entry, file);
  }

  finish(): Unpacked {
    const index = this.#index;
    if (index === undefined) throw invalidPackage('it is empty');
    const [missing] = this.#missing.values();
    if (missing !== undefined) throw invalidPackage(`${missing.path} is missing`);
    const digest = digestOf(index);
    if (this.#signature === undefined) return { index, digest, signer: undefined };
    if (!isSigned(digest, this.#signature))
      throw invalidPackage('its signature is wrong: it was changed after it had been signed');
    const { key } = this.#signature;
    return { index, digest, signer: { keyId: keyIdOf(key), key } };
  }

  async #write(entry: Entry, file: PackageFile): Promise<void> {
    const target = join(this.#folder, file.path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    // Exclusively: what is there was not put there by us.
    const handle = await open(target, 'wx', file.executable === true ? 0o755 : 0o644);
    try {
      const hash = createHash('sha256');
      await copy(entry, handle, hash);
      if (hash.digest('hex') !== file.sha256)
        throw invalidPackage(`the content of ${file.path} is not what its index says`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

async function copy(entry: Entry, handle: FileHandle, hash: ReturnType<typeof createHash>): Promise<void> {
  for await (const bytes of entry) {
    hash.update(bytes);
    await handle.write(bytes);
  }
}

async function textOf(entry: Entry, size: number): Promise<string> {
  if (size > MOST_INDEX_BYTES) throw invalidPackage(`${entry.header.name} has ${size} bytes`);
  const parts: Buffer[] = [];
  for await (const bytes of entry) parts.push(bytes);
  return Buffer.concat(parts).toString('utf8');
}

/** Invariant 3. */
function atMost(most: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > most) done(invalidPackage(`unpacked it has more than ${most} bytes`));
      else done(null, chunk);
    },
  });
}

function isSystemFault(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
