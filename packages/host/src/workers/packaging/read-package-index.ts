import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { ENTRIES, invalidPackage, MOST_INDEX_BYTES, type PackageIndex, parseIndex } from './package-index.ts';

/** What an archive says of itself, without unpacking anything. Of one that was installed: it was proved then. */
export async function readPackageIndex(archive: string): Promise<PackageIndex> {
  const file = createReadStream(archive);
  const entries = extract();
  const unpacked = createGunzip();
  file.once('error', (error) => entries.destroy(error));
  unpacked.once('error', (error) => entries.destroy(error));
  file.pipe(unpacked).pipe(entries);
  try {
    for await (const entry of entries) {
      const { name, size = 0 } = (entry as unknown as { header: Header }).header;
      if (name !== ENTRIES.index || size > MOST_INDEX_BYTES) break;
      const parts: Buffer[] = [];
      for await (const part of entry) parts.push(part as Buffer);
      return parseIndex(Buffer.concat(parts).toString('utf8'));
    }
    throw invalidPackage(`it does not begin with ${ENTRIES.index}`);
  } finally {
    file.destroy();
    unpacked.destroy();
  }
}
