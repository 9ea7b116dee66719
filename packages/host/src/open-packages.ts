import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { CadreError, diffManifests, isOver, walkSteps } from '@cadre/core';
import { dataDir } from '@cadre/kit/data';
import type { JsonObject, Manifest } from '@cadre/sdk';
import { APP } from './app-options.ts';
import { openPackageFacts } from './open-package-facts.ts';
import type { InstalledWorker } from './ports/action-runner.ts';
import type { AuditStore } from './ports/audit-store.ts';
import type { Clock } from './ports/clock.ts';
import type { GrantStore } from './ports/grant-store.ts';
import type { Provenance } from './ports/package-facts.ts';
import type { LockedWorker, Packages } from './ports/packages.ts';
import type { Sandbox } from './ports/sandbox.ts';
import type { RunStore } from './ports/store.ts';
import { loadPackage } from './workers/load-worker.ts';
import { findInCatalogue, parseCatalogue, publish } from './workers/packaging/catalogue.ts';
import { installWorker } from './workers/packaging/install-worker.ts';
import { listPackageFiles } from './workers/packaging/list-package-files.ts';
import { digestOf, type PackageIndex } from './workers/packaging/package-index.ts';
import { readProvenance } from './workers/packaging/read-provenance.ts';
import { REVIEWS } from './workers/packaging/review-statement.ts';
import { keyIdOf, openSigningKey, publicText, signDigest } from './workers/packaging/signing-key.ts';
import { openTrustedSigners } from './workers/packaging/trusted-signers.ts';
import { unpackArchive } from './workers/packaging/unpack-archive.ts';
import { readWorkerLock, writeWorkerLock } from './workers/packaging/worker-lock.ts';
import { writeArchive } from './workers/packaging/write-archive.ts';
import { probeConfined } from './workers/probe-confined.ts';
import { PACKAGES_FOLDER } from './workspace-folder.ts';

interface Options {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  readonly folder: string;
  readonly principal: string;
  readonly cadre: string;
  /** Settings of a worker. */
  readonly config: (worker: string) => JsonObject;
  readonly workers: { list(): readonly InstalledWorker[] };
  readonly sandbox: Sandbox;
  readonly audit: AuditStore;
  readonly grants: GrantStore;
  readonly runs: RunStore;
  readonly clock: Clock;
  /** Undefined: somebody who may not. */
  readonly right: string | undefined;
}

export function openPackages(options: Options): Packages {
  const { root, folder, workers, audit, grants, runs, clock, principal } = options;
  const personal = dataDir(APP, { env: options.env });
  const packages = join(folder, PACKAGES_FOLDER);
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

  async function manifestOf(given: string, base: string): Promise<Manifest> {
    const named = resolve(base, given);
    if (isFolder(named)) return loadPackage(named).manifest;
    if (existsSync(named)) {
      const staging = await mkdtemp(join(tmpdir(), 'cadre-diff-'));
      try {
        await unpackArchive(named, staging);
        return loadPackage(staging).manifest;
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    }
    const found = workers
      .list()
      .find(({ manifest: { id, version } }) => given === id || given === `${id}@${version}`);
    if (found !== undefined) return found.manifest;
    throw new CadreError('not_found', `${given} is no folder, no package and no worker that is installed`, {
      hint: 'cadre worker list',
    });
  }

  return {
    ...openPackageFacts({ packages, workers, signers, openKey, ownKeyId, clock }),
    signers,
    async signingKey() {
      const { key, isNew } = await openKey();
      const open = publicText(key);
      return { keyId: keyIdOf(open), key: open, isNew };
    },
    async pack(given, to, { signs, provenance: isNoted }) {
      const { manifest } = loadPackage(resolve(given));
      const { id, version } = manifest;
      const files = await listPackageFiles(given);
      const provenance = isNoted ? await provenanceOf(given) : undefined;
      const noted = provenance === undefined ? {} : { provenance };
      const index: PackageIndex = { format: 1, id, version, ...noted, files };
      const digest = digestOf(index);
      const key = signs ? (await openKey()).key : undefined;
      const file = isFolder(to) ? join(to, `${id}-${version}.tgz`) : to;
      await writeArchive(file, given, index, key === undefined ? undefined : signDigest(digest, key));
      const bytes = statSync(file).size;
      const packed = { file, id, version, digest, files: files.length, bytes, ...noted };
      return key === undefined ? packed : { ...packed, keyId: keyIdOf(publicText(key)) };
    },
    async add({ archive, source, expected, override, decide }) {
      await refuseStrangers('add', source);
      return installWorker({
        archive,
        source: existsSync(source) ? relative(root, resolve(source)) : source,
        root,
        packages,
        signers,
        ownKeyId: await ownKeyId(),
        present: workers.list(),
        cadre: options.cadre,
        platform: process.platform,
        decide,
        probe: (place) => probeConfined(place, options.sandbox, options.config),
        note: (decision, { manifest, digest, signer, reasons, reviews }) =>
          note('add', `${manifest.id}@${manifest.version}`, decision, {
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
      const { workers: locked } = await readWorkerLock(root);
      return locked
        .filter(({ id, version }) => !existsSync(join(packages, `${id}@${version}`)))
        .map((expected) => ({ source: expected.source, expected }));
    },
    async remove(id, version, force) {
      await refuseStrangers('remove', id);
      const lock = await readWorkerLock(root);
      const removed = lock.workers.filter(
        (one) => one.id === id && (version === undefined || one.version === version),
      );
      if (removed.length === 0) throw notInstalled(id, version, lock.workers);
      const using = force ? [] : await runsThatUse(runs, id);
      if (using.length > 0) {
        throw new CadreError(
          'lease_held',
          `${id} is used by runs that are not over: ${using.slice(0, 5).join(', ')}`,
          {
            hint: 'wait for them or cancel them, or --force',
          },
        );
      }
      await writeWorkerLock(
        root,
        lock,
        lock.workers.filter((one) => !removed.includes(one)),
      );
      for (const { id: gone, version: its } of removed) {
        const place = join(packages, `${gone}@${its}`);
        await rm(place, { recursive: true, force: true });
        for (const end of ['.tgz', `.tgz${REVIEWS}`]) await rm(place + end, { force: true });
      }
      const isGone = !lock.workers.some((one) => one.id === id && !removed.includes(one));
      const revoked = isGone ? await revokeGrants(grants, id, clock.now()) : 0;
      await note('remove', version === undefined ? id : `${id}@${version}`, 'allowed', { grants: revoked });
      return { removed, grants: revoked, references: isGone ? await referencesTo(root, id) : [] };
    },
    publish: async (archives, to) =>
      (await publish(archives, to)).map(({ id, version }) => ({ id, version })),
    async bundle(to) {
      const { workers: locked } = await readWorkerLock(root);
      const archives = locked.map(({ id, version }) => join(packages, `${id}@${version}.tgz`));
      const missing = locked.find((_, index) => !existsSync(archives[index] ?? ''));
      if (missing !== undefined) {
        throw new CadreError('not_found', `${missing.id} ${missing.version} is not installed here`, {
          hint: 'cadre worker add --locked',
        });
      }
      return (await publish(archives, to)).map(({ id, version }) => ({ id, version }));
    },
    findIn: (text, wanted, place) => findInCatalogue(parseCatalogue(text, place), wanted, place),
    async diff(one, other, base) {
      const [before, after] = [await manifestOf(one, base), await manifestOf(other, base)];
      return { before, after, ...diffManifests(before, after) };
    },
  };
}

async function provenanceOf(folder: string): Promise<Provenance> {
  const found = await readProvenance(resolve(folder));
  if (found !== undefined) return found;
  throw new CadreError(
    'invalid_package',
    `the worker cannot be packed with its provenance: ${folder} is in no commit`,
    {
      hint: 'commit it with git, or pack it without --provenance',
    },
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function revokeGrants(grants: GrantStore, worker: string, now: number): Promise<number> {
  const its = (await grants.list(now)).filter(
    (grant) => grant.worker === worker && grant.everywhere !== true,
  );
  for (const { id } of its) await grants.revoke(id);
  return its.length;
}

async function runsThatUse(runs: RunStore, worker: string): Promise<readonly string[]> {
  const found: string[] = [];
  const definitions = new Map<string, boolean>();
  let cursor: string | undefined;
  do {
    const page = await runs.list({
      status: ['queued', 'running', 'waiting', 'cancelling'],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id, definition, status } of page.runs) {
      if (isOver(status)) continue;
      const uses =
        definitions.get(definition) ??
        walkSteps(await runs.getDefinition(definition)).some(
          ({ step }) => step.kind === 'action' && step.uses.startsWith(`${worker}/`),
        );
      definitions.set(definition, uses);
      if (uses) found.push(id);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** `.cadre/workflows/release.yaml:12` */
async function referencesTo(root: string, worker: string): Promise<readonly string[]> {
  const own = join(root, '.cadre');
  const names = await readdir(own, { recursive: true }).catch(() => []);
  const found: string[] = [];
  for (const name of names.filter((one) => /\.(ya?ml|ts)$/.test(one) && !one.startsWith('workers')).sort()) {
    const text = await readFile(join(own, name), 'utf8').catch(() => '');
    text.split('\n').forEach((line, index) => {
      if (new RegExp(`uses:\\s*['"]?${worker}/`).test(line))
        found.push(`${join(basename(own), name)}:${index + 1}`);
    });
  }
  return found;
}

function notInstalled(id: string, version: string | undefined, locked: readonly LockedWorker[]): CadreError {
  const named = version === undefined ? id : `${id} ${version}`;
  const there = locked.map((one) => `${one.id}@${one.version}`).join(', ');
  return new CadreError('not_found', `${named} is not installed in this workspace`, {
    hint:
      there === ''
        ? 'nothing is: workers in the box and in .cadre/workers are not installed but there'
        : `there is ${there}`,
  });
}
