import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blobId } from '../../tree/blob-id.ts';
import { byCodeUnits } from '../../tree/list-files.ts';
import { MARK } from './site.ts';

/** Lists what a tool made, which has no mark of ours: next to it, so that it is ignored where the pages are. */
export const MANIFEST = '.cadre-docs.json';

export function manifestOf(files: ReadonlyMap<string, Buffer>): Buffer {
  const entries = [...files]
    .sort(([a], [b]) => byCodeUnits(a, b))
    .map(([path, content]) => [path, blobId(content)]);
  return Buffer.from(`${JSON.stringify({ '//': MARK, files: Object.fromEntries(entries) }, undefined, 2)}\n`);
}

/** Blob ids by path relative to the folder; empty when there is no list that can be read. */
export async function readManifest(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '{}');
  try {
    const { files } = JSON.parse(text) as { files?: Record<string, unknown> };
    const entries = Object.entries(files ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    // Somebody may have written it: nothing outside of the folder is meant.
    return new Map(entries.filter(([path]) => !path.startsWith('/') && !path.split('/').includes('..')));
  } catch {
    return new Map();
  }
}
