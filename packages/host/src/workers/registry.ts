import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CadreError, once } from '@cadre/core';
import { nearest } from '@cadre/kit/files';
import type { Manifest } from '@cadre/sdk';
import { compare, satisfies, validRange } from 'semver';
import type { InstalledWorker } from '../ports/action-runner.ts';
import { type BrokenWorker, brokenWorker, fault, type Loaded, loadWorker } from './load-worker.ts';
import type { LoadedServer, McpServers } from './mcp-servers.ts';
import { SIGNED } from './packaging/package-index.ts';
import { LOCK_FILE } from './packaging/worker-lock.ts';
import { findPlaces, idOf, packagesIn, type WorkerPlace } from './worker-places.ts';

export interface Registry {
  /** All that can be used, by id, the newest version first. */
  list(): readonly InstalledWorker[];
  /** Packages that are there and cannot be used, and why. */
  problems(): readonly BrokenWorker[];
  /** Throws CadreError `not_found` with the nearest names, `invalid_manifest`, `incompatible`. */
  resolve(uses: string): { readonly worker: InstalledWorker; readonly action: Manifest['actions'][number] };
  /** From now on the workers of the workspace are those; undefined: what lies in its folders. */
  hold(held: HeldWorkers | undefined): void;
}

/** Workers of a workspace that somebody has in hand while their files change. */
export interface HeldWorkers {
  list(): readonly { readonly id: string; readonly loaded: Loaded }[];
  /** Versions that another one took the place of: for whoever asks for just that version. */
  past(id: string): readonly InstalledWorker[];
}

/**
 * The workers that come with Cadre and those of the workspace. A package lies in a folder named after its id, or
 * `id@version` where there are several; nothing is read before it is asked for, and then once.
 */
export function createRegistry(
  folders: {
    readonly builtIn: string;
    readonly workspace: string;
    /** False: what lies in `builtIn` did not come with Cadre. */
    readonly trusted?: boolean;
    /** Packages that were installed from archives; those that the lock of the workspace names are used. */
    readonly packages?: string;
  },
  servers?: McpServers,
): Registry {
  const known = new Map<string, Loaded>();
  let held: HeldWorkers | undefined;
  const load = (folder: string, builtIn: boolean, isSource = false) => {
    const loaded = known.get(folder) ?? loadWorker(folder, { builtIn, id: idOf(basename(folder)), isSource });
    known.set(folder, loaded);
    return loaded;
  };
  const find = () => findPlaces(folders.workspace, folders.packages ?? '');
  const loadPlace = (place: WorkerPlace) => {
    if (place.locked !== undefined && !existsSync(place.folder)) return notInstalled(place);
    return withSigner(load(place.folder, false, place.locked === undefined), place);
  };
  // What comes with Cadre does not change while it runs.
  const builtIns = once(() => packagesIn(folders.builtIn));
  const loadBuiltIn = (name: string) => load(join(folders.builtIn, name), folders.trusted ?? true);
  const ofWorkspace = (): readonly Origin[] =>
    (
      held?.list().map(({ id, loaded }) => ({ id, load: () => loaded })) ??
      find().places.map((place) => ({ id: place.id, load: () => loadPlace(place) }))
    )
      // A package may not take the name of one in the box: it would get what that one is trusted with.
      .filter(({ id }) => !builtIns().includes(id));
  /** Nor may an MCP server take the name of a package. */
  const ofServers = (): readonly Origin[] => {
    const declared = servers?.list() ?? [];
    const taken = declared.length === 0 ? [] : [...builtIns(), ...ofWorkspace().map(({ id }) => id)];
    return declared
      .filter(({ name }) => !taken.includes(name))
      .map((server) => ({ id: server.name, load: () => loadedServer(server) }));
  };
  const others = () => [...ofWorkspace(), ...ofServers()];
  const all = () => [...builtIns().map(loadBuiltIn), ...others().map((one) => one.load())];
  const named = (id: string) =>
    builtIns().includes(id)
      ? [loadBuiltIn(id)]
      : others()
          .filter((one) => one.id === id)
          .map((one) => one.load());

  return {
    list: () => workersOf(all()),
    problems: () => [...find().broken, ...all().flatMap((one) => ('broken' in one ? [one.broken] : []))],
    resolve(uses) {
      const { id, action, range } = splitUses(uses);
      const candidates = named(id);
      const past = held?.past(id) ?? [];
      const workers = workersOf(candidates);
      const fits = ({ manifest }: InstalledWorker) =>
        range === undefined || satisfies(manifest.version, range);
      const worker = workers.find(fits) ?? past.find(({ manifest }) => manifest.version === range);
      if (worker === undefined) {
        if (candidates.length === 0) throw noWorker(id, [...builtIns(), ...others().map((one) => one.id)]);
        throw workers.length === 0 ? brokenWorker(id, candidates) : noVersion(id, range ?? '*', workers);
      }
      const found = worker.manifest.actions.find(({ name }) => name === action);
      if (found === undefined) throw noAction(worker.manifest, action);
      return { worker, action: found };
    },
    hold(workers) {
      held = workers;
    },
  };
}

interface Origin {
  readonly id: string;
  readonly load: () => Loaded;
}

function loadedServer(server: LoadedServer): Loaded {
  if ('declared' in server) return { worker: server.declared.worker };
  return { broken: { folder: server.file, problems: server.problems } };
}

/** Beside what was installed; what lies in the workspace itself says nothing that anybody would have to believe. */
export function withSigner(loaded: Loaded, { folder, locked }: WorkerPlace): Loaded {
  const file = `${folder}${SIGNED}`;
  if (locked === undefined || !('worker' in loaded) || !existsSync(file)) return loaded;
  return { worker: { ...loaded.worker, signedBy: readFileSync(file, 'utf8') } };
}

export function notInstalled({ folder, id, locked }: WorkerPlace): Loaded {
  const message = `${id} ${locked?.version} stands in ${LOCK_FILE} and is not installed on this machine`;
  return {
    broken: { folder, problems: [{ ...fault('', message), suggestion: 'cadre worker add --locked' }] },
  };
}

function workersOf(loaded: readonly Loaded[]): readonly InstalledWorker[] {
  return loaded
    .flatMap((one) => ('worker' in one ? [one.worker] : []))
    .sort(({ manifest: a }, { manifest: b }) =>
      a.id < b.id ? -1 : a.id > b.id ? 1 : compare(b.version, a.version),
    );
}

function splitUses(uses: string): { id: string; action: string; range: string | undefined } {
  const match = /^([^/@\s]+)\/([^/@\s]+)(?:@(.+))?$/.exec(uses);
  const [, id, action, range] = match ?? [];
  if (id === undefined || action === undefined || (range !== undefined && validRange(range) === null)) {
    throw new CadreError('not_found', `${uses} does not name an action`, {
      hint: 'write worker/action or worker/action@range, for example git/commit@^1',
    });
  }
  return { id, action, range };
}

function noWorker(id: string, known: readonly string[]): CadreError {
  return notFound(`there is no worker ${id}`, nearest(id, known), known);
}

function noAction({ id, actions }: Manifest, action: string): CadreError {
  const known = actions.map(({ name }) => `${id}/${name}`);
  return notFound(`the worker ${id} has no action ${action}`, nearest(`${id}/${action}`, known), known);
}

function notFound(message: string, near: readonly string[], known: readonly string[]): CadreError {
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`;
  return new CadreError('not_found', message, { hint, details: { nearest: near } });
}

function noVersion(id: string, range: string, workers: readonly InstalledWorker[]): CadreError {
  const versions = workers.map(({ manifest }) => manifest.version).join(', ');
  return new CadreError('incompatible', `${id} is wanted in version ${range}, there is ${versions}`, {
    hint: `install a fitting version, or change the range after ${id}/…@`,
  });
}
