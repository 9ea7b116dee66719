import { createReadStream } from 'node:fs';
import { lstat, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CadreError, type PackageKind } from '@cadre/core';
import { hashFile, walk } from '@cadre/kit/files';
import { z } from 'zod';
import { MOST_FILES, mostBytes, type PackageFile, pathFault } from './package-index.ts';

/** What belongs to nobody but its author. */
const PRIVATE = /^(\.env(\..*)?|\.npmrc|\.netrc|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx|jks|kdbx))$/i;

/** What is of no use to whoever installs a worker. */
const LEFT_OUT =
  /^(\.git|\.github|\.gitignore|\.DS_Store|node_modules|coverage|.*\.log|.*\.tgz(\.reviews)?)$/;

export interface ListOptions {
  /** Of which kind the package is: `worker`. */
  readonly kind?: PackageKind;
  /** Told of what is wrong, to go on after it; absent: the first of that is thrown. */
  readonly report?: (fault: CadreError) => void;
}

/**
 * The files that a package is made of, in the order of their paths: what git would not ignore, and for a worker the packages that it
 * depends on exactly as its lock says. Throws CadreError `invalid_package` with the reason and what to do.
 */
export async function listPackageFiles(
  folder: string,
  { kind: of = 'worker', report }: ListOptions = {},
): Promise<readonly PackageFile[]> {
  const fault = (reason: string, hint: string) => {
    const error = refuse(reason, hint, undefined, of);
    if (report === undefined) throw error;
    report(error);
  };
  const own: string[] = [];
  for await (const { path, kind } of walk(folder)) {
    if (path.split('/').some((part) => LEFT_OUT.test(part)) || kind === 'folder') continue;
    if (kind !== 'file') {
      fault(`${path} is no plain file`, 'put the file itself there, or have git ignore it');
      continue;
    }
    if (PRIVATE.test(basename(path))) {
      fault(
        `${path} looks like a secret`,
        `have git ignore it, or remove it: everybody who installs the ${of} could read it`,
      );
      continue;
    }
    own.push(path);
  }
  const paths = [...own, ...(of === 'worker' ? await lockedFiles(folder) : [])].sort();
  if (paths.length > MOST_FILES)
    fault(
      `it has ${paths.length} files, and at most ${MOST_FILES} are taken`,
      'bundle them into fewer files',
    );
  const files: PackageFile[] = [];
  const most = mostBytes(of);
  let bytes = 0;
  for (const path of paths) {
    const wrong = pathFault(path);
    if (wrong !== undefined) {
      fault(`${path} cannot be packed: ${wrong}`, 'give the file another name');
      continue;
    }
    const { size, mode } = await stat(join(folder, path));
    bytes += size;
    if (bytes > most) {
      fault(`it has more than ${most} bytes`, 'leave out what is not needed to use it');
      return files;
    }
    const sha256 = await hashFile(join(folder, path));
    files.push({ path, size, sha256, ...((mode & 0o111) === 0 ? {} : { executable: true as const }) });
  }
  return files;
}

const packageShape = z.looseObject({
  dependencies: z.record(z.string(), z.string()).exactOptional(),
  optionalDependencies: z.record(z.string(), z.string()).exactOptional(),
});

const lockShape = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().exactOptional(),
      dev: z.boolean().exactOptional(),
      devOptional: z.boolean().exactOptional(),
      optional: z.boolean().exactOptional(),
      link: z.boolean().exactOptional(),
      hasInstallScript: z.boolean().exactOptional(),
    }),
  ),
});

/** What `package-lock.json` names and is not for development alone; installed exactly so, since nobody installs it later. */
async function lockedFiles(folder: string): Promise<readonly string[]> {
  const description = await readJson(join(folder, 'package.json'));
  if (description === undefined) return [];
  const { dependencies = {} } = packageShape.parse(description);
  if (Object.keys(dependencies).length === 0) return [];
  const lock = await readJson(join(folder, 'package-lock.json'));
  if (lock === undefined) {
    throw refuse(
      'it depends on packages and has no package-lock.json',
      'run `npm install --package-lock` in its folder',
    );
  }
  const paths: string[] = [];
  for (const [place, one] of Object.entries(lockShape.parse(lock).packages)) {
    if (place === '' || one.dev === true || one.devOptional === true) continue;
    if (one.hasInstallScript === true) {
      throw refuse(
        `${place} runs a script when it is installed`,
        'depend on a package that does not: nothing of a worker runs outside of its sandbox',
      );
    }
    if (one.link === true)
      throw refuse(`${place} is a link to another folder`, 'depend on a published version of it');
    const installed = (await readJson(join(folder, place, 'package.json'))) as
      | { version?: string }
      | undefined;
    // For another system: nobody misses it here.
    if (installed === undefined && one.optional === true) continue;
    if (installed?.version !== one.version) {
      throw refuse(
        `${place} is installed as ${installed?.version ?? 'nothing'} and locked as ${one.version}`,
        'run `npm ci` in its folder',
      );
    }
    for await (const { path, kind } of walk(join(folder, place), { gitignore: false })) {
      if (path.startsWith('node_modules/') || kind === 'folder') continue;
      if (kind !== 'file')
        throw refuse(`${place}/${path} is no plain file`, 'depend on a package without links');
      paths.push(`${place}/${path}`);
    }
  }
  return paths;
}

async function readJson(path: string): Promise<unknown> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw refuse(`${path} is no JSON`, 'mend it', cause);
  }
}

export function readPackageFile(folder: string, { path }: PackageFile) {
  return createReadStream(join(folder, path));
}

function refuse(reason: string, hint: string, cause?: unknown, kind: PackageKind = 'worker'): CadreError {
  const what = kind === 'worker' ? 'the worker cannot be packed' : 'this is no skill for others';
  return new CadreError('invalid_package', `${what}: ${reason}`, { hint, cause });
}
