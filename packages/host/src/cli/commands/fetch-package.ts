import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CadreError } from '@cadre/core';
import type { App } from '../../app.ts';
import type { LockedWorker, Packages } from '../../ports/packages.ts';
import type { Invocation } from '../command.ts';
import { download } from './download-package.ts';

export interface FetchedPackage {
  /** On this machine. */
  readonly archive: string;
  /** Where it came from, as others can find it. */
  readonly source: string;
  remove(): Promise<void>;
}

const NAME = /^([a-z][a-z0-9-]{1,49})(?:@(.+))?$/;
const ADDRESS = /^https?:\/\//;

/** A file, what lies at an address, or what a catalogue has under a name. */
export async function fetchPackage(
  invocation: Invocation,
  packages: Packages,
  app: App,
  { source, expected }: { readonly source: string; readonly expected: LockedWorker | undefined },
): Promise<FetchedPackage> {
  const { io, options } = invocation;
  const from = typeof options['from'] === 'string' ? options['from'] : undefined;
  const base = expected === undefined || from !== undefined ? io.cwd : app.place.root;
  if (expected !== undefined && from !== undefined) {
    const { archive, remove } = await fetchNamed({ id: expected.id, range: expected.version }, [from], {
      base,
      invocation,
      packages,
    });
    // It stays known where it was first found.
    return { archive, remove, source: expected.source };
  }
  const [, id, range] = NAME.exec(source) ?? [];
  const file = resolve(base, source);
  if (ADDRESS.test(source)) return fetchAddress(source, io.interrupted);
  if (id === undefined || existsSync(file))
    return { archive: file, source: file, remove: async () => undefined };
  const catalogues = from === undefined ? app.config.packages.catalogues : [from];
  if (catalogues.length === 0) {
    throw new CadreError(
      'not_found',
      `there is no file ${source}, and no catalogue in which ${id} could be looked for`,
      {
        hint: 'name a file, an address, or a catalogue: --from, or the setting packages.catalogues',
      },
    );
  }
  const places = from === undefined ? app.place.root : io.cwd;
  return fetchNamed({ id, range }, catalogues, { base: places, invocation, packages });
}

interface Looking {
  readonly base: string;
  readonly invocation: Invocation;
  readonly packages: Packages;
}

/** In the first catalogue that has it. */
async function fetchNamed(
  wanted: { readonly id: string; readonly range: string | undefined },
  catalogues: readonly string[],
  { base, invocation, packages }: Looking,
): Promise<FetchedPackage> {
  const { interrupted } = invocation.io;
  let missed: unknown;
  for (const catalogue of catalogues) {
    try {
      if (!ADDRESS.test(catalogue)) {
        const folder = resolve(base, catalogue);
        const found = packages.findIn(await readList(folder), wanted, catalogue);
        const archive = join(folder, found.file);
        return { archive, source: archive, remove: async () => undefined };
      }
      const address = catalogue.endsWith('/') ? catalogue : `${catalogue}/`;
      const list = await fetchAddress(new URL('catalogue.json', address).href, interrupted);
      const text = await readFile(list.archive, 'utf8').finally(list.remove);
      const { file } = packages.findIn(text, wanted, catalogue);
      return await fetchAddress(new URL(file, address).href, interrupted);
    } catch (error) {
      if (!(error instanceof CadreError) || error.code !== 'not_found') throw error;
      missed ??= error;
    }
  }
  throw missed;
}

async function readList(folder: string): Promise<string> {
  return readFile(join(folder, 'catalogue.json'), 'utf8').catch((cause: unknown) => {
    throw new CadreError('not_found', `${folder} is no catalogue`, {
      hint: 'make one with `cadre worker publish`',
      cause,
    });
  });
}

async function fetchAddress(address: string, interrupted: AbortSignal): Promise<FetchedPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-download-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    return {
      archive: await download(address, join(folder, 'fetched'), interrupted),
      source: address,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
