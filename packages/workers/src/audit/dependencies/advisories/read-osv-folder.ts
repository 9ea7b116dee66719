import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { walk } from '@cadre/kit/files';
import { type ParsedOsv, parseOsv } from './parse-osv.ts';

/** A record larger than this is none: the largest published ones have some 2 MB. */
const MAX_RECORD_BYTES = 8 * 1024 * 1024;

export interface OsvFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly record: ParsedOsv;
}

/** Every `.json` file below a folder, one after another: databases have 200,000 and more. Throws `not_found`. */
export async function* readOsvFolder(
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<OsvFile, void, undefined> {
  for await (const { path, kind } of walk(folder, { gitignore: false, signal })) {
    if (kind === 'file' && path.endsWith('.json'))
      yield { path, record: await readRecord(join(folder, path)) };
  }
}

async function readRecord(path: string): Promise<ParsedOsv> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_RECORD_BYTES) return { kind: 'invalid', problem: 'it is too large' };
    return parseOsv(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    return { kind: 'invalid', problem: (error as Error).message };
  }
}
