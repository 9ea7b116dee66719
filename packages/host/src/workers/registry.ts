import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  CadreError,
  canonicalJson,
  once,
  type ParsedManifest,
  type Problem,
  parseManifest,
} from '@cadre/core';
import { nearest } from '@cadre/kit/files';
import type { JsonValue, Manifest } from '@cadre/sdk';
import { compare, satisfies, validRange } from 'semver';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { LockedWorker } from '../ports/packages.ts';
import type { LoadedServer, McpServers } from './mcp-servers.ts';
import { LOCK_FILE, parseWorkerLock } from './packaging/worker-lock.ts';

export interface Registry {
  /** All that can be used, by id, the newest version first. */
  list(): readonly InstalledWorker[];
  /** Packages that are there and cannot be used, and why. */
  problems(): readonly BrokenWorker[];
  /** Throws CadreError `not_found` with the nearest names, `invalid_manifest`, `incompatible`. */
  resolve(uses: string): { readonly worker: InstalledWorker; readonly action: Manifest['actions'][number] };
}

export interface BrokenWorker {
  readonly folder: string;
  readonly problems: readonly Problem[];
}

type Loaded = { readonly worker: InstalledWorker } | { readonly broken: BrokenWorker };

const CHECKED = 'worker.checked.json';

const MANIFESTS = ['worker.yaml', 'worker.json'];

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
  const loaded = new Map<string, Loaded>();
  const load = (folder: string, builtIn: boolean) => {
    const known = loaded.get(folder) ?? loadWorker(folder, { builtIn, id: idOf(basename(folder)) });
    loaded.set(folder, known);
    return known;
  };
  const own = join(folders.workspace, '.cadre', 'workers');
  // What comes with Cadre does not change while it runs.
  const builtIns = once(() => packagesIn(folders.builtIn));
  /** A package of the workspace may not take the name of one in the box: it would get what that one is trusted with. */
  const ofWorkspace = () => packagesIn(own).filter((name) => !builtIns().includes(idOf(name)));
  const ofLock = () => readLock(folders.workspace).workers.filter(({ id }) => !builtIns().includes(id));
  const ofPackages = () => [...[...builtIns(), ...ofWorkspace()].map(idOf), ...ofLock().map(({ id }) => id)];
  /** Nor may an MCP server take the name of a package. */
  const ofServers = () => {
    const declared = servers?.list() ?? [];
    const taken = declared.length === 0 ? [] : ofPackages();
    return declared.filter(({ name }) => !taken.includes(name));
  };
  const loadLocked = ({ id, version }: LockedWorker): Loaded => {
    const folder = join(folders.packages ?? '', `${id}@${version}`);
    return existsSync(folder) ? load(folder, false) : notInstalled(folder, id, version);
  };
  const chosen = (wanted: (id: string) => boolean): readonly Loaded[] => {
    const here = ofWorkspace().filter((name) => wanted(idOf(name)));
    return [
      ...builtIns()
        .filter(wanted)
        .map((name) => load(join(folders.builtIn, name), folders.trusted ?? true)),
      // Sources stand for the package that is made of them: whoever works on a worker sees what it does.
      ...here.map((name) => load(join(own, name), false)),
      ...ofLock()
        .filter(({ id }) => wanted(id))
        .map(loadLocked),
      ...ofServers()
        .filter(({ name }) => wanted(name))
        .map(loadedServer),
    ];
  };
  const all = () => chosen(() => true);
  const named = (id: string) =>
    builtIns().includes(id)
      ? [load(join(folders.builtIn, id), folders.trusted ?? true)]
      : chosen((one) => one === id);

  return {
    list: () => workersOf(all()),
    problems: () => [
      ...readLock(folders.workspace).broken,
      ...all().flatMap((one) => ('broken' in one ? [one.broken] : [])),
    ],
    resolve(uses) {
      const { id, action, range } = splitUses(uses);
      const candidates = named(id);
      if (candidates.length === 0) {
        throw noWorker(id, [...ofPackages(), ...ofServers().map(({ name }) => name)]);
      }
      const workers = workersOf(candidates);
      if (workers.length === 0) throw brokenWorker(id, candidates);
      const worker = workers.find(
        ({ manifest }) => range === undefined || satisfies(manifest.version, range),
      );
      if (worker === undefined) throw noVersion(id, range ?? '*', workers);
      const found = worker.manifest.actions.find(({ name }) => name === action);
      if (found === undefined) throw noAction(worker.manifest, action);
      return { worker, action: found };
    },
  };
}

function loadedServer(server: LoadedServer): Loaded {
  if ('declared' in server) return { worker: server.declared.worker };
  return { broken: { folder: server.file, problems: server.problems } };
}

function packagesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    // No such folder: no workers there.
    return [];
  }
}

interface ReadLock {
  readonly workers: readonly LockedWorker[];
  readonly broken: readonly BrokenWorker[];
}

/** A lock that cannot be read is told of like a worker that cannot: the others go on being of use. */
function readLock(root: string): ReadLock {
  const file = join(root, LOCK_FILE);
  if (!existsSync(file)) return { workers: [], broken: [] };
  try {
    return { workers: parseWorkerLock(readFileSync(file, 'utf8'), file), broken: [] };
  } catch (error) {
    const { message, hint } = error as CadreError;
    const problem = { ...fault('', message), ...(hint === undefined ? {} : { suggestion: hint }) };
    return { workers: [], broken: [{ folder: file, problems: [problem] }] };
  }
}

function notInstalled(folder: string, id: string, version: string): Loaded {
  const message = `${id} ${version} stands in ${LOCK_FILE} and is not installed on this machine`;
  return {
    broken: { folder, problems: [{ ...fault('', message), suggestion: 'cadre worker add --locked' }] },
  };
}

function idOf(name: string): string {
  return name.split('@')[0] ?? name;
}

/** What lies in a folder, whatever that is called. Throws `invalid_manifest`. */
export function loadPackage(folder: string): InstalledWorker {
  const loaded = loadWorker(folder, { builtIn: false });
  if ('worker' in loaded) return loaded.worker;
  throw brokenWorker(basename(folder), [loaded]);
}

interface Found {
  readonly builtIn: boolean;
  /** By the name of its folder. */
  readonly id?: string;
}

function loadWorker(given: string, { builtIn, id: expected }: Found): Loaded {
  const folder = realpathSync(given);
  const parsed = (builtIn ? readChecked(folder) : undefined) ?? readManifest(folder);
  if (!parsed.ok) return { broken: { folder, problems: parsed.problems } };
  const { manifest } = parsed;
  if (expected !== undefined && manifest.id !== expected) {
    const problem = fault(
      'id',
      `the worker is called ${manifest.id} and lies in a folder called ${expected}`,
    );
    return { broken: { folder, problems: [problem] } };
  }
  const hash = createHash('sha256')
    .update(canonicalJson(manifest as unknown as JsonValue))
    .digest('hex');
  return { worker: { manifest, hash, folder, builtIn } };
}

/** What the build has read and checked already; the same value as the manifest beside it. */
function readChecked(folder: string): ParsedManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, CHECKED), 'utf8')) as Manifest;
    return { ok: true, manifest, problems: [] };
  } catch {
    return undefined;
  }
}

function readManifest(folder: string): ParsedManifest {
  for (const name of MANIFESTS) {
    try {
      return parseManifest(readFileSync(join(folder, name), 'utf8'));
    } catch {
      // Not under this name.
    }
  }
  return { ok: false, problems: [fault('', `there is no readable ${MANIFESTS.join(' or ')}`)] };
}

function fault(path: string, message: string): Problem {
  return { severity: 'error', code: 'invalid_manifest', message, path };
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

function brokenWorker(id: string, candidates: readonly Loaded[]): CadreError {
  const problems = candidates.flatMap((one) => ('broken' in one ? one.broken.problems : []));
  const [first] = problems;
  return new CadreError(
    'invalid_manifest',
    `the worker ${id} cannot be used: ${first?.message ?? 'no reason known'}`,
    {
      hint: first?.suggestion ?? 'see `cadre worker list`',
      details: problems,
    },
  );
}
