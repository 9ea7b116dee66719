import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError, diffManifests, parseManifest } from '@cadre/core';
import { flushFolder, systemFault } from '@cadre/kit/files';
import type { Failure, Manifest } from '@cadre/sdk';
import { major, rcompare, satisfies } from 'semver';
import type { InstalledWorker } from '../../ports/action-runner.ts';
import type { Installed, LockedWorker, Offer, SignedBy, TrustedSigners } from '../../ports/packages.ts';
import { invalidPackage, SIGNED } from './package-index.ts';
import { REVIEWS } from './review-statement.ts';
import { keepReviews, reviewsBeside } from './reviews-beside.ts';
import { type Unpacked, unpackArchive } from './unpack-archive.ts';
import { readWorkerLock, writeWorkerLock } from './worker-lock.ts';

export interface InstallOptions {
  /** The archive, on this machine. */
  readonly archive: string;
  /** Where it came from, as the lock keeps it. */
  readonly source: string;
  /** The workspace. */
  readonly root: string;
  /** Folder of the packages that are installed, `ID@VERSION` each. */
  readonly packages: string;
  readonly signers: TrustedSigners;
  /** Of the person who installs it, where there is one. */
  readonly ownKeyId?: string | undefined;
  readonly present: readonly InstalledWorker[];
  readonly cadre: string;
  readonly platform: string;
  /** Only this content: what the lock of the workspace says. */
  readonly expected?: LockedWorker;
  /** False: nothing is changed. */
  readonly decide: (offer: Offer) => Promise<boolean>;
  /** Takes a version that is lower than its changes ask for. Whoever may do so is the caller's affair. */
  readonly override?: boolean;
  /** Starts what lies in the folder, confined, and says what was wrong. */
  readonly probe: (folder: string) => Promise<Failure | undefined>;
  /** Told when the decision has been made, and when all has been done. */
  readonly note: (outcome: 'allowed' | 'denied', offer: Offer) => Promise<void>;
}

const STAGING = '.staging-';

/**
 * Installs a package, or changes nothing: unpack → verify → show → decide → put in its place → start once → lock.
 *
 * Invariants
 * 1. Until the lock names it, nobody finds it: what fails before leaves the workspace as it was.
 * 2. A version that is there is never written over: other content under the same version is refused.
 * 3. What it may do beyond the version before is always asked for.
 * 4. One process at a time installs in a workspace, which the caller sees to: what another one left unfinished is dead.
 */
export async function installWorker(options: InstallOptions): Promise<Installed> {
  const { packages, root } = options;
  await mkdir(packages, { recursive: true, mode: 0o700 });
  await removeUnfinished(packages);
  const staging = join(packages, `${STAGING}${randomUUID()}`);
  await mkdir(staging, { mode: 0o700 });
  try {
    const unpacked = await unpackArchive(options.archive, staging);
    const manifest = await readManifest(staging, unpacked);
    checkExpected(options.expected, unpacked);
    checkFits(manifest, options);
    const lock = await readWorkerLock(root);
    const { id, version } = manifest;
    const same = lock.workers.find((one) => one.id === id && one.version === version);
    if (same !== undefined && same.digest !== unpacked.digest) throw otherContent(same);
    const place = join(packages, `${id}@${version}`);
    if (same !== undefined && existsSync(place)) return { ok: true, worker: same, isNew: false };
    const reviews = await reviewsBeside(options.archive, unpacked.digest, id, options);
    const offer = { ...(await offerOf(manifest, unpacked, lock.workers, options)), reviews };
    if (offer.difference?.isHonest === false && options.override !== true) throw dishonest(offer);
    const agreed = offer.reasons.length === 0 || (await options.decide(offer));
    await options.note(agreed ? 'allowed' : 'denied', offer);
    if (!agreed) return { ok: false, offer };
    await rm(place, { recursive: true, force: true });
    await noteSigner(place, offer.signer);
    await rename(staging, place);
    // As it came, to be handed on: what it was unpacked to could not be signed again.
    await copyFile(options.archive, `${place}.tgz`);
    await keepReviews(options.archive, place, reviews);
    await flushFolder(packages);
    const worker: LockedWorker = {
      id,
      version,
      digest: unpacked.digest,
      ...(unpacked.signer === undefined ? {} : { signer: unpacked.signer.keyId }),
      source: options.source,
    };
    try {
      const failed = await options.probe(place);
      if (failed !== undefined) throw doesNotStart(manifest, failed);
      await writeWorkerLock(root, lock, [...lock.workers.filter((one) => one !== same), worker]);
    } catch (error) {
      await rm(place, { recursive: true, force: true });
      await rm(`${place}.tgz`, { force: true });
      await rm(`${place}.tgz${REVIEWS}`, { force: true });
      throw error;
    }
    return { ok: true, worker, isNew: true };
  } catch (error) {
    // A full disk, a folder that may not be written: said as such.
    throw systemFault(error, `cannot install ${options.source}`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What was found out on this machine: the lock may say of a package what it likes, since it comes with the workspace. */
async function noteSigner(place: string, signer: SignedBy): Promise<void> {
  const file = `${place}${SIGNED}`;
  if (signer.kind === 'trusted') await writeFile(file, signer.keyId, { mode: 0o600 });
  else await rm(file, { force: true });
}

/** Invariant 4. */
async function removeUnfinished(packages: string): Promise<void> {
  for (const name of await readdir(packages)) {
    if (name.startsWith(STAGING)) await rm(join(packages, name), { recursive: true, force: true });
  }
}

async function readManifest(folder: string, { index }: Unpacked): Promise<Manifest> {
  const name = ['worker.yaml', 'worker.json'].find((one) => index.files.some(({ path }) => path === one));
  if (name === undefined) throw invalidPackage('it has no worker.yaml');
  const parsed = parseManifest(await readFile(join(folder, name), 'utf8'));
  if (!parsed.ok) {
    const [first] = parsed.problems;
    throw invalidPackage(`its ${name} is wrong: ${first?.message ?? ''}`);
  }
  const { manifest } = parsed;
  if (manifest.id !== index.id || manifest.version !== index.version) {
    throw invalidPackage(
      `its index says ${index.id} ${index.version}, and its ${name} ${manifest.id} ${manifest.version}`,
    );
  }
  if (!index.files.some(({ path }) => path === manifest.entrypoint.replace(/^\.\//, ''))) {
    throw invalidPackage(`its entry point ${manifest.entrypoint} is not in it`);
  }
  return manifest;
}

function checkExpected(expected: LockedWorker | undefined, { digest, index }: Unpacked): void {
  if (expected === undefined || expected.digest === digest) return;
  throw new CadreError(
    'changed_meanwhile',
    `${index.id} ${index.version} is not what the lock of the workspace names`,
    {
      hint: 'find the package with that content, or add this one anew and commit the lock',
      details: { expected: expected.digest, found: digest },
    },
  );
}

function checkFits(manifest: Manifest, { present, cadre, platform }: InstallOptions): void {
  const { id, version, engines, platforms, dependencies = {} } = manifest;
  if (present.some((one) => one.builtIn && one.manifest.id === id)) {
    throw new CadreError('exists', `${id} is a worker that comes with Cadre`, {
      hint: 'a package may not take its name: it would get what that one is trusted with',
    });
  }
  const wanted = engines?.cadre ?? '*';
  if (!satisfies(cadre, wanted, { includePrerelease: true })) {
    throw new CadreError('incompatible', `${id} ${version} wants Cadre ${wanted}, this is ${cadre}`, {
      hint: 'take a version of the worker that fits, or another one of Cadre',
    });
  }
  if (platforms !== undefined && !platforms.some((one) => one === platform)) {
    throw new CadreError(
      'incompatible',
      `${id} ${version} is for ${platforms.join(', ')}, this is ${platform}`,
    );
  }
  for (const [name, range] of Object.entries(dependencies)) {
    const found = present.filter((one) => one.manifest.id === name).map((one) => one.manifest.version);
    if (found.some((one) => satisfies(one, range))) continue;
    const there = found.length === 0 ? 'which is not here' : `here is ${found.join(', ')}`;
    throw new CadreError('incompatible', `${id} ${version} needs ${name} ${range}, ${there}`, {
      hint: `add a fitting version of ${name} first: cadre worker add`,
    });
  }
}

async function offerOf(
  manifest: Manifest,
  { digest, signer, index }: Unpacked,
  locked: readonly LockedWorker[],
  { present, signers, ownKeyId }: InstallOptions,
): Promise<Omit<Offer, 'reviews'>> {
  const others = present.filter((one) => one.manifest.id === manifest.id).map((one) => one.manifest);
  const before = nearestBefore(manifest, others);
  const difference = before === undefined ? undefined : diffManifests(before, manifest);
  const signedBy = await signedByOf(signer, manifest.id, { signers, ownKeyId });
  const former = locked.find((one) => one.id === manifest.id && one.version === before?.version);
  return {
    manifest,
    digest,
    signer: signedBy,
    ...(index.provenance === undefined ? {} : { provenance: index.provenance }),
    before,
    difference,
    reasons: [
      ...(before === undefined ? ['it is new here'] : []),
      ...(signedBy.kind === 'nobody' ? ['nobody has signed it'] : []),
      ...(signedBy.kind === 'stranger'
        ? [`it is signed by ${signedBy.keyId}, whom you do not trust yet`]
        : []),
      ...(former?.signer !== undefined && former.signer !== signer?.keyId
        ? [`version ${former.version} was signed by ${former.signer}`]
        : []),
      ...((difference?.wider.length ?? 0) > 0 ? ['it wants to do more than the version before'] : []),
      ...(difference?.isHonest === false ? ['its version hides how much it changed'] : []),
    ],
  };
}

async function signedByOf(
  signer: Unpacked['signer'],
  worker: string,
  { signers, ownKeyId }: Pick<InstallOptions, 'signers' | 'ownKeyId'>,
): Promise<SignedBy> {
  if (signer === undefined) return { kind: 'nobody' };
  const { keyId } = signer;
  if (keyId === ownKeyId) return { kind: 'trusted', keyId, name: 'you' };
  const trusted = await signers.find(keyId, worker);
  return trusted === undefined
    ? { kind: 'stranger', ...signer }
    : { kind: 'trusted', keyId, name: trusted.name };
}

/** The newest of its own major version, else the newest of all. */
function nearestBefore(manifest: Manifest, others: readonly Manifest[]): Manifest | undefined {
  const sorted = [...others].sort((a, b) => rcompare(a.version, b.version));
  return sorted.find(({ version }) => major(version) === major(manifest.version)) ?? sorted[0];
}

function otherContent({ id, version, digest }: LockedWorker): CadreError {
  return new CadreError(
    'exists',
    `${id} ${version} is installed with other content, ${digest.slice(0, 12)}`,
    {
      hint: 'a version never changes: have its author give it a new one, or remove the old one first (cadre worker remove)',
    },
  );
}

function dishonest({ manifest, difference }: Offer): CadreError {
  const first = difference?.changes.find(({ step }) => step === difference.step);
  const what = first === undefined ? '' : `: ${[first.action, first.says].filter(Boolean).join(' ')}`;
  return new CadreError(
    'incompatible',
    `${manifest.id} ${manifest.version} has to be at least ${difference?.leastVersion}${what}`,
    {
      hint: 'ask its author for the right version; `cadre worker diff` shows all that changed; an admin may --override',
      details: { changes: difference?.changes.map((one) => ({ ...one })) ?? [] },
    },
  );
}

function doesNotStart({ id, version }: Manifest, { code, message, hint, cause }: Failure): CadreError {
  return new CadreError('work_failed', `${id} ${version} does not start, and was not installed: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { code, ...(cause === undefined ? {} : { cause: cause.message }) },
  });
}
