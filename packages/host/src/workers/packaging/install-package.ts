import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '@cadre/core';
import { flushFolder, systemFault } from '@cadre/kit/files';
import type { Failure } from '@cadre/sdk';
import type { Installed, LockedPackage, Offer, SignedBy, TrustedSigners } from '../../ports/packages.ts';
import { checkFits } from './check-fits.ts';
import { type Described, describePackage } from './describe-package.ts';
import { makeOffer } from './make-offer.ts';
import { SIGNED } from './package-index.ts';
import { REVIEWS } from './review-statement.ts';
import { keepReviews } from './reviews-beside.ts';
import { type Unpacked, unpackArchive } from './unpack-archive.ts';
import { readWorkerLock, writeWorkerLock } from './worker-lock.ts';

export interface InstallOptions {
  /** The archive, on this machine. */
  readonly archive: string;
  /** Where it came from, as the lock keeps it. */
  readonly source: string;
  /** The workspace. */
  readonly root: string;
  /** Folders of the packages that are installed, `ID@VERSION` each. */
  readonly folders: { readonly worker: string; readonly skill: string };
  readonly signers: TrustedSigners;
  /** Of the person who installs it, where there is one. */
  readonly ownKeyId?: string | undefined;
  /** All that is here, and what of that came with Cadre. */
  readonly present: readonly Described[];
  readonly builtIn: readonly string[];
  readonly cadre: string;
  readonly platform: string;
  /** Only this content: what the lock of the workspace says. */
  readonly expected?: LockedPackage;
  /** False: nothing is changed. */
  readonly decide: (offer: Offer) => Promise<boolean>;
  /** Takes a version that is lower than its changes ask for. Whoever may do so is the caller's affair. */
  readonly override?: boolean;
  /** Starts the worker that lies in the folder, confined, and says what was wrong. */
  readonly probe: (place: { folder: string; signedBy?: string }) => Promise<Failure | undefined>;
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
export async function installPackage(options: InstallOptions): Promise<Installed> {
  const { folders, root } = options;
  const around = folders.worker;
  await mkdir(around, { recursive: true, mode: 0o700 });
  await removeUnfinished(around);
  const staging = join(around, `${STAGING}${randomUUID()}`);
  await mkdir(staging, { mode: 0o700 });
  try {
    const unpacked = await unpackArchive(options.archive, staging);
    const described = await describePackage(staging, unpacked);
    checkExpected(options.expected, unpacked);
    checkFits(described, options);
    const lock = await readWorkerLock(root);
    const { kind, id, version } = described;
    const packages = folders[kind];
    await mkdir(packages, { recursive: true, mode: 0o700 });
    const same = lock.packages.find((one) => one.kind === kind && one.id === id && one.version === version);
    if (same !== undefined && same.digest !== unpacked.digest) throw otherContent(same);
    const place = join(packages, `${id}@${version}`);
    if (same !== undefined && existsSync(place)) return { ok: true, installed: same, isNew: false };
    const offer = await makeOffer(
      described,
      { ...unpacked, archive: options.archive },
      lock.packages,
      options,
    );
    if (offer.difference?.isHonest === false && options.override !== true) throw dishonest(offer);
    const agreed = offer.reasons.length === 0 || (await options.decide(offer));
    await options.note(agreed ? 'allowed' : 'denied', offer);
    if (!agreed) return { ok: false, offer };
    const installed: LockedPackage = {
      kind,
      id,
      version,
      digest: unpacked.digest,
      ...(unpacked.signer === undefined ? {} : { signer: unpacked.signer.keyId }),
      source: options.source,
    };
    try {
      await rm(place, { recursive: true, force: true });
      await noteSigner(place, offer.signer);
      await rename(staging, place);
      // As it came, to be handed on: what it was unpacked to could not be signed again.
      await copyFile(options.archive, `${place}.tgz`);
      await keepReviews(options.archive, place, offer.reviews);
      await flushFolder(packages);
      // A skill is text: there is nothing to start.
      const { signer } = offer;
      const signed = signer.kind === 'trusted' ? { signedBy: signer.keyId } : {};
      const failed = kind === 'worker' ? await options.probe({ folder: place, ...signed }) : undefined;
      if (failed !== undefined) throw doesNotStart(described, failed);
      await writeWorkerLock(root, lock, [...lock.packages.filter((one) => one !== same), installed]);
    } catch (error) {
      await rm(place, { recursive: true, force: true });
      await rm(`${place}.tgz`, { force: true });
      await rm(`${place}.tgz${REVIEWS}`, { force: true });
      await rm(`${place}${SIGNED}`, { force: true });
      throw error;
    }
    return { ok: true, installed, isNew: true };
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

function checkExpected(expected: LockedPackage | undefined, { digest, index }: Unpacked): void {
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

function otherContent({ kind, id, version, digest }: LockedPackage): CadreError {
  return new CadreError(
    'exists',
    `${id} ${version} is installed with other content, ${digest.slice(0, 12)}`,
    {
      hint: `a version never changes: have its author give it a new one, or remove the old one first (cadre ${kind} remove)`,
    },
  );
}

function dishonest({ kind, id, version, difference }: Offer): CadreError {
  const first = difference?.changes.find(({ step }) => step === difference.step);
  const what = first === undefined ? '' : `: ${[first.action, first.says].filter(Boolean).join(' ')}`;
  return new CadreError(
    'incompatible',
    `${id} ${version} has to be at least ${difference?.leastVersion}${what}`,
    {
      hint: `ask its author for the right version; \`cadre ${kind} diff\` shows all that changed; an admin may --override`,
      details: { changes: difference?.changes.map((one) => ({ ...one })) ?? [] },
    },
  );
}

function doesNotStart({ id, version }: Described, { code, message, hint, cause }: Failure): CadreError {
  return new CadreError('work_failed', `${id} ${version} does not start, and was not installed: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { code, ...(cause === undefined ? {} : { cause: cause.message }) },
  });
}
