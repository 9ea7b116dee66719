import { createHash } from 'node:crypto';
import { CadreError, canonicalJson, isPackageId, once, type PackageKind } from '@cadre/core';
import type { JsonValue } from '@cadre/sdk';
import { z } from 'zod';
import type { Provenance } from '../../ports/package-facts.ts';
import { MOST_PACKAGE_BYTES, MOST_SKILL_BYTES } from '../../ports/packages.ts';

/** What an archive holds, as its first entry says before anything else of it is read. */
export interface PackageIndex {
  readonly format: 1;
  /** Absent: of a worker. It is part of what is signed. */
  readonly kind?: 'skill';
  readonly id: string;
  readonly version: string;
  /** Only where its maker wanted it noted: the same files make the same package, whatever they were committed in. */
  readonly provenance?: Provenance;
  /** In the order of their paths. */
  readonly files: readonly PackageFile[];
}

export interface PackageFile {
  /** Relative to the package, with `/` on every system. */
  readonly path: string;
  readonly size: number;
  /** SHA-256, hex. */
  readonly sha256: string;
  readonly executable?: true;
}

/** The entries of an archive: index and signature stand before the files. */
export const ENTRIES = {
  index: 'cadre-package.json',
  signature: 'cadre-signature.json',
  files: 'package/',
} as const;

/** After the name of a package's folder: the file with the key of a trusted signer. */
export const SIGNED = '.signed';

export const MOST_FILES = 20_000;
export const MOST_INDEX_BYTES = 8 * 2 ** 20;

export function kindOf({ kind }: Pick<PackageIndex, 'kind'>): PackageKind {
  return kind ?? 'worker';
}

/** What an archive is usually called. No worker is called so that the two could be one: none has an `@`. */
export function archiveName(kind: PackageKind, id: string, version: string): string {
  return kind === 'worker' ? `${id}-${version}.tgz` : `${id}@${version}.skill.tgz`;
}

export function mostBytes(kind: PackageKind): number {
  return kind === 'worker' ? MOST_PACKAGE_BYTES : MOST_SKILL_BYTES;
}

/** What is signed, pinned and compared: the same for the same content, whoever packs it and when. */
export function digestOf(index: PackageIndex): string {
  return createHash('sha256')
    .update(canonicalJson(index as unknown as JsonValue))
    .digest('hex');
}

/** Names that lead nowhere else on any system, and that no two systems read differently. */
const ODD = /[\u0000-\u001f\u007f\\:*?"<>|]|\p{Cf}/u;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** What is wrong with the name of a file of a package; undefined: nothing. */
export function pathFault(path: string): string | undefined {
  if (path === '' || path.length > 200) return 'a name has 1 to 200 characters';
  if (path.startsWith('/')) return 'it is absolute';
  if (ODD.test(path)) return 'it holds characters that mean something else elsewhere';
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'it leads outside of the package';
    if (/[. ]$/.test(part) || DEVICE.test(part)) return 'not every system can have such a name';
  }
  return undefined;
}

const shape = once(() =>
  z.strictObject({
    format: z.literal(1),
    kind: z.literal('skill').exactOptional(),
    id: z.string().max(64),
    version: z.string().min(5).max(100),
    provenance: z
      .strictObject({
        commit: z.string().regex(/^[0-9a-f]{40,64}$/),
        at: z.iso.datetime(),
        dirty: z.boolean(),
        repository: z
          .string()
          .regex(/^[\w.:-]+(\/[\w.~+-]+)+$/)
          .max(300)
          .exactOptional(),
      })
      .exactOptional(),
    files: z
      .array(
        z.strictObject({
          path: z.string(),
          size: z.number().int().min(0).max(MOST_PACKAGE_BYTES),
          sha256: z.string().regex(/^[0-9a-f]{64}$/),
          executable: z.literal(true).exactOptional(),
        }),
      )
      .min(1)
      .max(MOST_FILES),
  }),
);

/** Throws CadreError `invalid_package`. */
export function parseIndex(text: string): PackageIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidPackage('its index is no JSON');
  }
  const parsed = shape().safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidPackage(`its index is wrong at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const index = parsed.data as PackageIndex;
  const kind = kindOf(index);
  if (!isPackageId(kind, index.id))
    throw invalidPackage(`its index is wrong at id: ${JSON.stringify(index.id)} is no name of a ${kind}`);
  const seen = new Set<string>();
  let bytes = 0;
  for (const { path, size } of index.files) {
    const fault = pathFault(path);
    if (fault !== undefined) throw invalidPackage(`it holds a file called ${JSON.stringify(path)}: ${fault}`);
    // On macOS and Windows they would be one file.
    const folded = path.normalize('NFC').toLowerCase();
    if (seen.has(folded)) throw invalidPackage(`it holds ${path} twice`);
    seen.add(folded);
    bytes += size;
  }
  for (const path of seen) {
    const within = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= within.length; depth++) {
      const folder = within.slice(0, depth).join('/');
      if (seen.has(folder)) throw invalidPackage(`in it ${folder} is a file and a folder`);
    }
  }
  const most = mostBytes(kind);
  if (bytes > most) throw invalidPackage(`unpacked it has ${bytes} bytes, and at most ${most} are taken`);
  return index;
}

export function invalidPackage(reason: string, cause?: unknown): CadreError {
  return new CadreError('invalid_package', `this is no package that could be installed: ${reason}`, {
    hint: 'nothing was installed; ask whoever made it for one made by `cadre worker pack` or `cadre skill pack`',
    ...(cause === undefined ? {} : { cause }),
  });
}
