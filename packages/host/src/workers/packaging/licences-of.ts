import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { walk } from '@cadre/kit/files';
import type { WorkerLicences } from '../../ports/package-facts.ts';

type BroughtAlong = WorkerLicences['packages'][number];

/** Where npm puts a package: `node_modules/NAME`, with a scope or without, in one another. */
const PLACE = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/;

/** The packages in a worker's folder, with the licence that each names; those that are for development alone are left out. */
export async function licencesOf(folder: string): Promise<readonly BroughtAlong[]> {
  const lock = (await readJson(join(folder, 'package-lock.json'))) as Lock | undefined;
  const found = new Map<string, BroughtAlong>();
  for await (const { path, kind } of walk(folder, { gitignore: false })) {
    const [, place] = PLACE.exec(path) ?? [];
    if (place === undefined || kind !== 'file') continue;
    const locked = lock?.packages?.[place];
    if (locked?.dev === true || locked?.devOptional === true) continue;
    const { name, version, license, licenses } = ((await readJson(join(folder, path))) ?? {}) as Described;
    if (typeof name !== 'string' || typeof version !== 'string') continue;
    const licence = textOf(license) ?? textOf(licenses);
    found.set(`${name}@${version}`, { name, version, ...(licence === undefined ? {} : { licence }) });
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

interface Lock {
  readonly packages?: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

interface Described {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly license?: unknown;
  readonly licenses?: unknown;
}

/** A text, and as it was written long ago: an object, or a list of them. */
function textOf(said: unknown): string | undefined {
  if (typeof said === 'string') return said === '' || said === 'UNLICENSED' ? undefined : said;
  if (Array.isArray(said)) return said.map(textOf).filter(Boolean).join(' OR ') || undefined;
  return typeof said === 'object' && said !== null && 'type' in said ? textOf(said.type) : undefined;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
