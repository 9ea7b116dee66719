import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Header, extract as openExtract } from 'tar-stream';
import {
  type ArchivedEntry,
  type ArchiveManifest,
  BUNDLE_NAME,
  FILES_PREFIX,
  MANIFEST_NAME,
  parseManifest,
} from './manifest.ts';

/** A part of an archive; `content` must be read to its end. */
export interface ArchivePart {
  readonly header: Header;
  readonly content: AsyncIterable<Buffer>;
}

/** Gives the parts of an archive in their order. Rejects when it is cut off or damaged. */
export async function readArchive(
  path: string,
  signal: AbortSignal,
  onPart: (part: ArchivePart) => Promise<void>,
): Promise<void> {
  const extract = openExtract();
  const fed = pipeline(createReadStream(path), createGunzip(), extract, { signal });
  const read = async () => {
    for await (const entry of extract) {
      await onPart({ header: entry.header, content: entry as AsyncIterable<Buffer> });
    }
  };
  await Promise.all([fed, read()]);
}

export interface Verified {
  readonly manifest: ArchiveManifest | undefined;
  readonly files: number;
  readonly bytes: number;
  /** Plain sentences; empty when the archive is whole. */
  readonly problems: readonly string[];
}

/** Reads everything and compares it with the manifest. Damage is an answer, not an error. */
export async function verifyArchive(path: string, signal: AbortSignal): Promise<Verified> {
  const found = new Map<string, string>();
  let manifest: ArchiveManifest | undefined;
  let bytes = 0;
  try {
    await readArchive(path, signal, async ({ header, content }) => {
      if (header.name === MANIFEST_NAME) {
        manifest = parseManifest(await text(content));
        return;
      }
      const sha256 = await hashOf(content);
      bytes += header.size ?? 0;
      found.set(header.name, header.type === 'symlink' ? `link ${header.linkname}` : sha256);
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return {
      manifest,
      files: found.size,
      bytes,
      problems: [`the archive cannot be read to its end: ${why}`],
    };
  }
  const problems = manifest === undefined ? ['the archive has no manifest'] : differences(manifest, found);
  return { manifest, files: found.size, bytes, problems };
}

async function hashOf(content: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

function differences(manifest: ArchiveManifest, found: ReadonlyMap<string, string>): string[] {
  const expected = new Map(manifest.entries.map((entry) => [FILES_PREFIX + entry.path, expectedOf(entry)]));
  if (manifest.history !== null) expected.set(BUNDLE_NAME, manifest.history.sha256);
  const wrong = [...expected].filter(([name, value]) => found.get(name) !== value);
  const unknown = [...found.keys()].filter((name) => !expected.has(name));
  return [
    ...wrong.map(([name]) => `${name} ${found.has(name) ? 'differs from its hash' : 'is missing'}`),
    ...unknown.map((name) => `${name} is not in the manifest`),
  ];
}

function expectedOf(entry: ArchivedEntry): string {
  return entry.kind === 'link' ? `link ${entry.target}` : entry.sha256;
}
