import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CadreError, isPackageId, type PackageKind } from '@cadre/core';
import type { App } from '../../app.ts';
import type { LockedPackage, Packages, WantedPackage } from '../../ports/packages.ts';
import type { Invocation } from '../command.ts';
import { download } from './download-package.ts';

export interface FetchedPackage {
  /** On this machine. */
  readonly archive: string;
  /** Where it came from, as others can find it. */
  readonly source: string;
  remove(): Promise<void>;
}

/** What it takes to fetch something. */
export interface Fetching {
  readonly invocation: Invocation;
  readonly packages: Packages;
  readonly app: App;
}

const ADDRESS = /^https?:\/\//;

/** A file or folder, what lies at an address, or what a catalogue has under a name. */
export async function fetchPackage(
  kind: PackageKind,
  { source, expected }: { readonly source: string; readonly expected?: LockedPackage },
  fetching: Fetching,
): Promise<FetchedPackage> {
  const { invocation, packages, app } = fetching;
  const { io } = invocation;
  const from = fromOption(invocation);
  const base = expected === undefined || from !== undefined ? io.cwd : app.place.root;
  if (expected !== undefined && from !== undefined) {
    const wanted = { kind: expected.kind, id: expected.id, range: expected.version };
    const { archive, remove } = await fetchNamed(wanted, fetching);
    // It stays known where it was first found.
    return { archive, remove, source: expected.source };
  }
  const [id = '', range] = splitName(source);
  const file = resolve(base, source);
  const isName = isPackageId(kind, id) && !/[\\/]/.test(source);
  const hasCatalogue = from !== undefined || app.config.packages.catalogues.length > 0;
  // A folder that happens to be called so is not what somebody means who names a catalogue: it is written ./name.
  const isFile = !isName || (existsSync(file) && (expected !== undefined || !hasCatalogue));
  const fetched = ADDRESS.test(source)
    ? await fetchAddress(source, io.interrupted)
    : isFile
      ? { archive: file, source: file, remove: async () => undefined }
      : await fetchNamed({ kind, id, range }, fetching);
  try {
    return await asArchive(fetched, packages);
  } catch (error) {
    await fetched.remove();
    throw error;
  }
}

/** A ZIP or a folder becomes what all packages are. */
async function asArchive(fetched: FetchedPackage, packages: Packages): Promise<FetchedPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-archive-'));
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    await fetched.remove();
  };
  try {
    const archive = await packages.asArchive(fetched.archive, folder);
    return { archive, source: fetched.source, remove };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** In the first catalogue that has it. Throws `not_found`. */
export async function fetchNamed(
  wanted: WantedPackage,
  { invocation, packages, app }: Fetching,
): Promise<FetchedPackage> {
  const { interrupted } = invocation.io;
  const from = fromOption(invocation);
  const catalogues = from === undefined ? app.config.packages.catalogues : [from];
  const base = from === undefined ? app.place.root : invocation.io.cwd;
  let missed: unknown = noCatalogue(wanted);
  for (const [index, catalogue] of catalogues.entries()) {
    try {
      if (!ADDRESS.test(catalogue)) {
        const folder = resolve(base, catalogue);
        const found = packages.findIn(await readList(folder), wanted, catalogue);
        const archive = join(folder, found.file);
        return await asPromised(found, { archive, source: archive, remove: async () => undefined }, packages);
      }
      const address = catalogue.endsWith('/') ? catalogue : `${catalogue}/`;
      const list = await fetchAddress(new URL('catalogue.json', address).href, interrupted);
      const text = await readFile(list.archive, 'utf8').finally(list.remove);
      const found = packages.findIn(text, wanted, catalogue);
      const fetched = await fetchAddress(new URL(found.file, address).href, interrupted);
      return await asPromised(found, fetched, packages);
    } catch (error) {
      if (!(error instanceof CadreError) || error.code !== 'not_found') throw error;
      if (index === 0) missed = error;
    }
  }
  throw missed;
}

/** A list says what lies behind each name; whoever put something else there does not get to choose what is installed. */
async function asPromised(
  { version, digest, file }: { version: string; digest: string; file: string },
  fetched: FetchedPackage,
  packages: Packages,
): Promise<FetchedPackage> {
  const found = await packages.lookInto(fetched.archive).catch(async (error: unknown) => {
    await fetched.remove();
    throw error;
  });
  if (found.digest === digest) return fetched;
  await fetched.remove();
  throw new CadreError(
    'changed_meanwhile',
    `${file} is not what its catalogue says that version ${version} is`,
    {
      hint: 'ask whoever keeps the catalogue; a package is put there with `cadre worker publish`',
      details: { expected: digest, found: found.digest, is: `${found.id} ${found.version}` },
    },
  );
}

function fromOption({ options }: Invocation): string | undefined {
  return typeof options['from'] === 'string' ? options['from'] : undefined;
}

function splitName(source: string): readonly [string, string | undefined] {
  const at = source.indexOf('@');
  return at === -1 ? [source, undefined] : [source.slice(0, at), source.slice(at + 1)];
}

function noCatalogue({ kind, id }: WantedPackage): CadreError {
  return new CadreError(
    'not_found',
    `there is no file ${id}, and no catalogue in which the ${kind} ${id} could be looked for`,
    { hint: 'name a file, an address, or a catalogue: --from, or the setting packages.catalogues' },
  );
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
