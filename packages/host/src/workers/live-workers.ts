import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failure } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { FailedReload, Reload } from '../ports/reloads.ts';
import { copyPackage, stampOf } from './copy-package.ts';
import { type Loaded, loadWorker } from './load-worker.ts';
import { LOCK_FILE } from './packaging/worker-lock.ts';
import { type HeldWorkers, notInstalled, withSigner } from './registry.ts';
import { findPlaces, type WorkerPlace } from './worker-places.ts';

export interface LiveWorkers {
  readonly held: HeldWorkers;
  /** Looks at what lies there now, and takes over what changed and can be used. */
  look(): Promise<void>;
  failed(): readonly FailedReload[];
}

interface Options {
  readonly workspace: string;
  /** Folder of the packages that were installed. */
  readonly packages: string;
  /** Empty folder of this process alone. */
  readonly copies: string;
  readonly now: () => number;
  /** Starts what lies there once, and says what was wrong. */
  readonly probe: (worker: InstalledWorker) => Promise<Failure | undefined>;
  /** Resolves when nothing of it is used any more. */
  readonly retire: (worker: InstalledWorker) => Promise<void>;
  readonly told: (reload: Reload) => void;
}

interface Live {
  readonly id: string;
  readonly loaded: Loaded;
  /** Of what is used, and of what was last tried. */
  readonly stamp: string;
  readonly tried: string;
  readonly failed?: FailedReload;
}

/** Of one worker; a run that wants an older one than these is told that it is not there. */
const MOST_PAST = 5;

/**
 * The workers of a workspace while their files change.
 *
 * Invariants
 * 1. What is used was loaded from a copy or a package that nobody writes to: neither a file that is half written nor one that is gone
 *    touches it.
 * 2. Another version is used after it was read, checked and started once. If anything of that fails, what was used before stays.
 * 3. Calls under way end on what they began with; a version that another one took the place of can be had for as long as the process
 *    lives, since runs keep those that they began with.
 * 4. A copy that nobody can want any more is removed when nobody uses it any more.
 */
export async function openLiveWorkers(options: Options): Promise<LiveWorkers> {
  const { workspace, packages, copies, now, probe, retire, told } = options;
  const live = new Map<string, Live>();
  const past = new Map<string, InstalledWorker[]>();
  let lockFault: FailedReload | undefined;
  let locked: readonly WorkerPlace[] = [];
  let copied = 0;

  const isCopy = (folder: string) => folder.startsWith(copies);
  const removeCopy = (folder: string) =>
    isCopy(folder) ? rm(folder, { recursive: true, force: true }) : Promise.resolve();

  async function load(place: WorkerPlace): Promise<Loaded> {
    const { id, folder } = place;
    if (place.locked !== undefined) {
      if (!existsSync(folder)) return notInstalled(place);
      return withSigner(loadWorker(folder, { builtIn: false, id }), place);
    }
    const copy = join(copies, `${++copied}`);
    await copyPackage(folder, copy);
    const loaded = loadWorker(copy, { builtIn: false, id, isSource: true });
    if ('worker' in loaded) return loaded;
    await removeCopy(copy);
    // People look for the file that they wrote.
    return { broken: { ...loaded.broken, folder } };
  }

  /** Invariants 3 and 4. */
  function leave(before: InstalledWorker, after: InstalledWorker | undefined): void {
    const { id, version } = before.manifest;
    const isGone = retire(before);
    if (after?.manifest.version === version) {
      void isGone.then(() => removeCopy(before.folder));
      return;
    }
    const known = past.get(id) ?? [];
    const kept = [before, ...known.filter((one) => one.manifest.version !== version)].slice(0, MOST_PAST);
    for (const one of known) if (!kept.includes(one)) void retire(one).then(() => removeCopy(one.folder));
    past.set(id, kept);
  }

  function fail(key: string, id: string, tried: string, reason: Failure, broken: Loaded): void {
    const before = live.get(key);
    const used = before !== undefined && 'worker' in before.loaded ? before.loaded.worker : undefined;
    const version = used === undefined ? {} : { version: used.manifest.version };
    const message = sentenceOf(reason);
    const failed = { worker: id, at: now(), code: reason.code, message, ...version };
    const loaded = used === undefined ? broken : (before as Live).loaded;
    live.set(key, { id, loaded, stamp: before?.stamp ?? '', tried, failed });
    told({ kind: 'failed', worker: id, failure: { ...reason, message }, ...version });
  }

  async function renew(key: string, place: WorkerPlace, tried: string): Promise<void> {
    const { id } = place;
    const loaded = await load(place);
    if ('broken' in loaded) return fail(key, id, tried, faultOf(loaded, id), loaded);
    const { worker } = loaded;
    const fault = await probe(worker);
    if (fault !== undefined) {
      await removeCopy(worker.folder);
      const problem = { severity: 'error', code: fault.code, message: fault.message, path: '' } as const;
      return fail(key, id, tried, fault, { broken: { folder: place.folder, problems: [problem] } });
    }
    const before = live.get(key)?.loaded;
    live.set(key, { id, loaded, stamp: tried, tried });
    const used = before !== undefined && 'worker' in before ? before.worker : undefined;
    if (used !== undefined) leave(used, worker);
    const { version } = worker.manifest;
    told({
      kind: 'reloaded',
      worker: id,
      version,
      ...(used === undefined ? {} : { before: used.manifest.version }),
    });
  }

  function unload(key: string, { id, loaded }: Live): void {
    live.delete(key);
    if (!('worker' in loaded)) return;
    leave(loaded.worker, undefined);
    told({ kind: 'unloaded', worker: id, version: loaded.worker.manifest.version });
  }

  /** A lock that cannot be read names what it last named. */
  function find(): readonly WorkerPlace[] {
    const { places, broken } = findPlaces(workspace, packages);
    const message = broken[0]?.problems[0]?.message;
    if (message === undefined) {
      lockFault = undefined;
      locked = places.filter((place) => place.locked !== undefined);
      return places;
    }
    if (lockFault?.message !== message) {
      lockFault = { worker: LOCK_FILE, at: now(), code: 'config_corrupt', message };
      told({ kind: 'failed', worker: LOCK_FILE, failure: failure(lockFault.code, message) });
    }
    return [...places, ...locked];
  }

  async function look(isFirst = false): Promise<void> {
    const found = new Map(find().map((place) => [keyOf(place), place]));
    for (const [key, place] of found) {
      const stamp = place.locked === undefined ? await stampOf(place.folder) : lockStamp(place);
      const known = live.get(key);
      if (isFirst) live.set(key, { id: place.id, loaded: await load(place), stamp, tried: stamp });
      else if (known !== undefined && known.stamp === stamp) live.set(key, withoutFault(known));
      else if (known?.tried !== stamp) await renew(key, place, stamp);
    }
    for (const [key, one] of [...live]) if (!found.has(key)) unload(key, one);
  }

  await look(true);
  return {
    held: {
      list: () => [...live.values()],
      past: (id) => past.get(id) ?? [],
    },
    look: () => look(),
    failed: () => [
      ...(lockFault === undefined ? [] : [lockFault]),
      ...[...live.values()].flatMap(({ failed }) => (failed === undefined ? [] : [failed])),
    ],
  };
}

/** As it was before it was changed. */
function withoutFault({ id, loaded, stamp }: Live): Live {
  return { id, loaded, stamp, tried: stamp };
}

function keyOf({ folder, locked }: WorkerPlace): string {
  return locked === undefined ? folder : `${locked.id}@${locked.version}`;
}

/** A package never changes; it may come to be there. */
function lockStamp({ folder, locked }: WorkerPlace): string {
  return `${locked?.digest} ${existsSync(folder)}`;
}

/** What did not start says by its end why. */
function sentenceOf({ message, cause }: Failure): string {
  return cause === undefined || message.includes(cause.message) ? message : `${message}: ${cause.message}`;
}

function faultOf(loaded: Loaded, id: string): Failure {
  const [problem] = 'broken' in loaded ? loaded.broken.problems : [];
  const where = problem?.path === undefined || problem.path === '' ? '' : `${problem.path}: `;
  return failure(
    'invalid_manifest',
    `${id} cannot be used: ${where}${problem?.message ?? 'no reason known'}`,
    {
      ...(problem?.suggestion === undefined ? {} : { hint: problem.suggestion }),
    },
  );
}
