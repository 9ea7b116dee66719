import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CadreError, isPackageId, once, type PackageKind } from '@cadre/core';
import { contentVersion, didYouMean, writeAtomic } from '@cadre/kit/files';
import { compare, rcompare, satisfies } from 'semver';
import { z } from 'zod';
import type { WantedPackage } from '../../ports/packages.ts';
import { archiveName, kindOf } from './package-index.ts';
import { addReview, REVIEWS, readReviews } from './review-statement.ts';
import { unpackArchive } from './unpack-archive.ts';

/**
 * A folder of packages with a list of them: on a disk, a stick, or behind any web server. It says where something is, and never what may be
 * trusted: that is what digest and signature are for.
 */
export const CATALOGUE_FILE = 'catalogue.json';

export interface CatalogueEntry {
  readonly kind: PackageKind;
  readonly id: string;
  readonly version: string;
  /** Of the index of the package: SHA-256, hex. */
  readonly digest: string;
  /** Beside the list. */
  readonly file: string;
}

const shape = once(() =>
  z.strictObject({
    format: z.literal(1),
    packages: z.array(
      z.strictObject({
        kind: z.literal('skill').exactOptional(),
        id: z.string(),
        version: z.string(),
        digest: z.string().regex(/^[0-9a-f]{64}$/),
        // A name and no path: whoever writes the list cannot point anywhere else.
        file: z.string().regex(/^[\w][\w.@+-]{0,150}$/),
      }),
    ),
  }),
);

/** Throws CadreError `invalid_package` when it is no list. */
export function parseCatalogue(text: string, place: string): readonly CatalogueEntry[] {
  try {
    return shape()
      .parse(JSON.parse(text))
      .packages.map(({ kind, ...rest }) => ({ kind: kind ?? ('worker' as const), ...rest }))
      .filter(({ kind, id }) => isPackageId(kind, id));
  } catch (cause) {
    throw new CadreError('invalid_package', `the catalogue ${place} cannot be read`, {
      hint: 'it has to be made by `cadre worker publish`',
      cause,
    });
  }
}

/** The newest version in the range. Throws `not_found` with what there is. */
export function findInCatalogue(
  entries: readonly CatalogueEntry[],
  { kind, id, range }: WantedPackage,
  place: string,
): CatalogueEntry {
  const ofKind = entries.filter((entry) => entry.kind === kind);
  const ofId = ofKind.filter((entry) => entry.id === id);
  const [newest] = ofId
    .filter(({ version }) => range === undefined || satisfies(version, range))
    .sort((a, b) => rcompare(a.version, b.version));
  if (newest !== undefined) return newest;
  if (ofId.length === 0) {
    const other = entries.find((entry) => entry.id === id)?.kind;
    throw new CadreError('not_found', `there is no ${kind} ${id} in ${place}`, {
      hint:
        other === undefined
          ? (didYouMean(id, new Set(ofKind.map((entry) => entry.id))) ?? 'name another catalogue with --from')
          : `there is a ${other} of that name: cadre ${other} add ${id}`,
    });
  }
  const there = ofId.map(({ version }) => version).sort(compare);
  throw new CadreError('not_found', `${id} is not in ${place} in version ${range}`, {
    hint: `there is ${there.join(', ')}`,
  });
}

/** Puts packages into a catalogue, which is made when there is none. A version that is there with other content is refused. */
export async function publish(
  archives: readonly string[],
  folder: string,
): Promise<readonly CatalogueEntry[]> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, CATALOGUE_FILE);
  const before = await readFile(file).catch(() => undefined);
  let entries = before === undefined ? [] : parseCatalogue(before.toString(), folder);
  const published: CatalogueEntry[] = [];
  for (const archive of archives) {
    const entry = await describe(archive);
    const same = entries.find(
      (one) => one.kind === entry.kind && one.id === entry.id && one.version === entry.version,
    );
    if (same !== undefined && same.digest !== entry.digest) {
      throw new CadreError('exists', `${entry.id} ${entry.version} is in ${folder} with other content`, {
        hint: 'a version never changes: give it a new one',
      });
    }
    const place = join(folder, entry.file);
    await copyFile(archive, place);
    for (const review of await readReviews(`${archive}${REVIEWS}`, entry.digest))
      await addReview(`${place}${REVIEWS}`, review);
    entries = [...entries.filter((one) => one !== same), entry];
    published.push(entry);
  }
  const sorted = [...entries].sort((a, b) =>
    a.id === b.id ? compare(a.version, b.version) : a.id < b.id ? -1 : 1,
  );
  // The list last: what it names is there.
  const packages = sorted.map(({ kind, ...rest }) => ({ ...(kind === 'skill' ? { kind } : {}), ...rest }));
  await writeAtomic(file, `${JSON.stringify({ format: 1, packages }, undefined, 2)}\n`, {
    ifVersion: before === undefined ? null : contentVersion(before),
  });
  return published;
}

async function describe(archive: string): Promise<CatalogueEntry> {
  const staging = await mkdtemp(join(tmpdir(), 'cadre-publish-'));
  try {
    const { index, digest } = await unpackArchive(archive, staging);
    const { id, version } = index;
    const kind = kindOf(index);
    return { kind, id, version, digest, file: archiveName(kind, id, version) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
