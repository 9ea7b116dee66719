import { existsSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import {
  CadreError,
  createResolver,
  type PackageKind,
  type PackageVersion,
  resolveRequirements,
} from '@cadre/core';
import { dataDir } from '@cadre/kit/data';
import type { JsonObject } from '@cadre/sdk';
import { APP } from './app-options.ts';
import { openPackageFacts } from './open-package-facts.ts';
import { referencesTo, revokeGrants, runsThatUse } from './package-users.ts';
import type { InstalledWorker } from './ports/action-runner.ts';
import type { AuditStore } from './ports/audit-store.ts';
import type { Clock } from './ports/clock.ts';
import type { GrantStore } from './ports/grant-store.ts';
import type { Provenance } from './ports/package-facts.ts';
import type { LockedPackage, Packages, Published, RemovedPackage } from './ports/packages.ts';
import type { Sandbox, Tier } from './ports/sandbox.ts';
import type { Skills } from './ports/skills.ts';
import type { RunStore } from './ports/store.ts';
import { archiveFolder, asArchive, indexFolder } from './workers/packaging/as-archive.ts';
import { findInCatalogue, parseCatalogue, publish } from './workers/packaging/catalogue.ts';
import { describeNamed, describePresent, withUnpacked } from './workers/packaging/describe-named.ts';
import { describePackage } from './workers/packaging/describe-package.ts';
import { installPackage } from './workers/packaging/install-package.ts';
import { diffDescribed } from './workers/packaging/make-offer.ts';
import { archiveName, digestOf, SIGNED } from './workers/packaging/package-index.ts';
import { readProvenance } from './workers/packaging/read-provenance.ts';
import { REVIEWS } from './workers/packaging/review-statement.ts';
import { keyIdOf, openSigningKey, publicText, signDigest } from './workers/packaging/signing-key.ts';
import { openTrustedSigners } from './workers/packaging/trusted-signers.ts';
import { readWorkerLock, writeWorkerLock } from './workers/packaging/worker-lock.ts';
import { probeConfined } from './workers/probe-confined.ts';
import { PACKAGES_FOLDER, SKILLS_FOLDER } from './workspace-folder.ts';

interface Options {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  readonly folder: string;
  readonly principal: string;
  readonly cadre: string;
  /** Settings of a worker. */
  readonly config: (worker: string) => JsonObject;
  readonly workers: { list(): readonly InstalledWorker[] };
  readonly skills: Skills;
  readonly sandbox: Sandbox;
  /** In which calls of a worker are performed; undefined: in none that there is. */
  readonly tierFor: (worker: InstalledWorker) => Promise<Tier | undefined>;
  readonly audit: AuditStore;
  readonly grants: GrantStore;
  readonly runs: RunStore;
  readonly clock: Clock;
  /** Undefined: somebody who may not. */
  readonly right: string | undefined;
}

export function openPackages(options: Options): Packages {
  const { root, folder, workers, skills, audit, grants, runs, clock, principal } = options;
  const personal = dataDir(APP, { env: options.env });
  const installed = { worker: join(folder, PACKAGES_FOLDER), skill: join(folder, SKILLS_FOLDER) };
  const placeOf = ({ kind, id, version }: LockedPackage) => join(installed[kind], `${id}@${version}`);
  const signers = openTrustedSigners(join(personal, 'trusted-signers.json'));
  const keyFile = join(personal, 'keys', 'worker-signing.pem');
  const openKey = () => openSigningKey(keyFile);
  /** Whose own packages need nobody's trust. */
  const ownKeyId = async () => (existsSync(keyFile) ? keyIdOf(publicText((await openKey()).key)) : undefined);

  async function note(
    operation: string,
    target: string,
    decision: 'allowed' | 'denied',
    details: object,
  ): Promise<void> {
    const rule = options.right ?? 'neither the owning user nor role admin';
    await audit.append({
      at: clock.now(),
      principal,
      worker: 'cadre',
      action: 'packages',
      operation,
      target,
      decision,
      rule,
      details: { ...details },
    });
  }

  async function refuseStrangers(operation: string, target: string): Promise<void> {
    if (options.right !== undefined) return;
    await note(operation, target, 'denied', {});
    throw new CadreError(
      'denied',
      'packages are installed and removed by the owner of the data of this workspace alone',
      {
        hint: 'ask that user',
      },
    );
  }

  const describing = { workers, skills };
  const present = () => describePresent(describing);

  return {
    ...openPackageFacts({ packages: installed.worker, workers, signers, openKey, ownKeyId, clock }),
    signers,
    async signingKey() {
      const { key, isNew } = await openKey();
      const open = publicText(key);
      return { keyId: keyIdOf(open), key: open, isNew };
    },
    async pack(kind, given, to, { signs, provenance: isNoted }) {
      const folder = resolve(given);
      const key = signs ? (await openKey()).key : undefined;
      const noted = isNoted ? { provenance: await provenanceOf(kind, folder) } : {};
      const { id, version } = await indexFolder(folder, { kind });
      const file = isFolder(to) ? join(to, archiveName(kind, id, version)) : to;
      const sign = key === undefined ? {} : { sign: (digest: string) => signDigest(digest, key) };
      const index = await archiveFolder(folder, file, { kind, ...noted, ...sign });
      const { size: bytes } = statSync(file);
      const digest = digestOf(index);
      const packed = { kind, file, id, version, digest, files: index.files.length, bytes, ...noted };
      return key === undefined ? packed : { ...packed, keyId: keyIdOf(publicText(key)) };
    },
    asArchive,
    lookInto: (archive) =>
      withUnpacked(archive, async (staging, unpacked) => {
        const { kind, id, version, requires } = await describePackage(staging, unpacked);
        return { kind, id, version, requires, digest: unpacked.digest };
      }),
    async lacking(one, alongside) {
      return resolveRequirements<PackageVersion>(one, [...(await present()), ...alongside]).faults;
    },
    async add({ archive, source, expected, override, decide }) {
      await refuseStrangers('add', source);
      return installPackage({
        archive,
        source: existsSync(source) ? relative(root, resolve(source)) : source,
        root,
        folders: installed,
        signers,
        ownKeyId: await ownKeyId(),
        present: await present(),
        builtIn: workers.list().flatMap(({ builtIn, manifest }) => (builtIn ? [manifest.id] : [])),
        cadre: options.cadre,
        platform: process.platform,
        decide,
        probe: (place) => probeConfined(place, options.sandbox, options.tierFor, options.config),
        note: (decision, { kind, id, version, digest, signer, reasons, reviews }) =>
          note('add', `${kind === 'worker' ? '' : 'skill:'}${id}@${version}`, decision, {
            digest,
            signer: signer.kind === 'nobody' ? 'nobody' : signer.keyId,
            reasons: [...reasons],
            reviewers: reviews.map(({ keyId }) => keyId),
            ...(override === true ? { override } : {}),
          }),
        ...(expected === undefined ? {} : { expected }),
        ...(override === undefined ? {} : { override }),
      });
    },
    async missing() {
      const { packages: locked } = await readWorkerLock(root);
      return locked
        .filter((one) => !existsSync(placeOf(one)))
        .map((expected) => ({ source: expected.source, expected }));
    },
    async remove(wanted, force) {
      const { kind, id, version } = wanted;
      const named = `${kind === 'worker' ? '' : 'skill:'}${version === undefined ? id : `${id}@${version}`}`;
      await refuseStrangers('remove', named);
      const lock = await readWorkerLock(root);
      const isMeant = (one: Omit<RemovedPackage, 'version'> & { readonly version: string }) =>
        one.kind === kind && one.id === id && (version === undefined || one.version === version);
      const removed = lock.packages.filter(isMeant);
      if (removed.length === 0) throw notInstalled(wanted, lock.packages);
      const using = force || kind === 'skill' ? [] : await runsThatUse(runs, id);
      if (using.length > 0) {
        throw new CadreError(
          'lease_held',
          `${id} is used by runs that are not over: ${using.slice(0, 5).join(', ')}`,
          { hint: 'wait for them or cancel them, or --force' },
        );
      }
      const all = await skills.present();
      const requiredBy = requiredOnly(
        all,
        all.filter((one) => !isMeant(one)),
      );
      if (kind === 'skill' && requiredBy.length > 0 && !force) {
        throw new CadreError('lease_held', `${id} is required: ${requiredBy.join('; ')}`, {
          hint: 'remove those first, or --force',
          details: { requiredBy },
        });
      }
      await writeWorkerLock(
        root,
        lock,
        lock.packages.filter((one) => !removed.includes(one)),
      );
      for (const place of removed.map(placeOf)) {
        await rm(place, { recursive: true, force: true });
        for (const end of ['.tgz', `.tgz${REVIEWS}`, SIGNED]) await rm(place + end, { force: true });
      }
      const isGone =
        kind === 'worker' &&
        !lock.packages.some((one) => one.kind === kind && one.id === id && !removed.includes(one));
      const revoked = isGone ? await revokeGrants(grants, id, clock.now()) : 0;
      await note('remove', named, 'allowed', { grants: revoked });
      return { removed, grants: revoked, references: isGone ? await referencesTo(root, id) : [], requiredBy };
    },
    publish: async (archives, to) => (await publish(archives, to)).map(named),
    async bundle(to) {
      const { packages: locked } = await readWorkerLock(root);
      const archives = locked.map((one) => `${placeOf(one)}.tgz`);
      const missing = locked.find((_, index) => !existsSync(archives[index] ?? ''));
      if (missing !== undefined) {
        throw new CadreError('not_found', `${missing.id} ${missing.version} is not installed here`, {
          hint: `cadre ${missing.kind} add --locked`,
        });
      }
      return (await publish(archives, to)).map(named);
    },
    findIn: (text, wanted, place) => findInCatalogue(parseCatalogue(text, place), wanted, place),
    async diff(kind, one, other, base) {
      const [before, after] = [
        await describeNamed(kind, one, base, describing),
        await describeNamed(kind, other, base, describing),
      ];
      const difference = diffDescribed(before, after);
      if (difference === undefined)
        throw new CadreError('invalid_input', `${one} and ${other} are not of one kind`, {
          hint: 'compare two workers, or two skills',
        });
      return { before, after, ...difference };
    },
  };
}

async function provenanceOf(kind: PackageKind, folder: string): Promise<Provenance> {
  const found = await readProvenance(folder);
  if (found !== undefined) return found;
  throw new CadreError(
    'invalid_package',
    `the ${kind} cannot be packed with its provenance: ${folder} is in no commit`,
    { hint: 'commit it with git, or pack it without --provenance' },
  );
}

const named = ({ kind, id, version }: Published): Published => ({ kind, id, version });

/** Chains of those that had what they require, and would have it no more. */
function requiredOnly(
  before: readonly PackageVersion[],
  after: readonly PackageVersion[],
): readonly string[] {
  const [had, has] = [createResolver(before), createResolver(after)];
  return after.flatMap((one) =>
    had(one).faults.length > 0 ? [] : has(one).faults.flatMap(({ chains }) => chains),
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function notInstalled({ kind, id, version }: RemovedPackage, locked: readonly LockedPackage[]): CadreError {
  const wanted = version === undefined ? id : `${id} ${version}`;
  const ofKind = locked.filter((one) => one.kind === kind);
  const there = ofKind.map((one) => `${one.id}@${one.version}`).join(', ');
  const other = locked.find((one) => one.id === id)?.kind;
  return new CadreError('not_found', `${wanted} is not installed in this workspace`, {
    hint:
      other !== undefined && other !== kind
        ? `there is a ${other} of that name: cadre ${other} remove ${id}`
        : there === ''
          ? `no ${kind} is: what lies in .cadre/${kind}s is not installed but there`
          : `there is ${there}`,
  });
}
