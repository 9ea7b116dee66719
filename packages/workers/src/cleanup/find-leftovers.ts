import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type GroupName, RULES, type Rule } from './groups.ts';

export interface Leftover {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly group: GroupName;
  readonly files: number;
  readonly bytes: number;
  /** When anything in it was changed last. */
  readonly newestMs: number;
}

export interface Protected {
  readonly path: string;
  readonly why: string;
}

export interface Search {
  /** Real absolute folder. */
  readonly root: string;
  readonly groups: ReadonlySet<GroupName>;
  /** Files and folders of the root that git tracks or that hold something tracked. */
  readonly tracked: ReadonlySet<string>;
  readonly isExcluded: (path: string) => boolean;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Environments that a person made with care: their bytecode belongs to what is installed in them. */
const INSTALLATIONS = ['pyvenv.cfg', 'conda-meta'];
const ENVIRONMENT_FILE = /^\.env([.~].*)?$|\.env~?$/;

/**
 * What the rules name below a folder. Never descends into `.git`, other repositories, links and installed
 * environments. What holds something tracked, an environment file or a repository is named as protected instead.
 */
export async function findLeftovers(
  start: string,
  search: Search,
): Promise<{ leftovers: Leftover[]; protected: Protected[] }> {
  const found = { leftovers: [] as Leftover[], protected: [] as Protected[] };
  const visit = async (folder: string) => {
    search.signal.throwIfAborted();
    const entries = await readdir(join(search.root, folder), { withFileTypes: true }).catch(() => []);
    const names = new Set(entries.map(({ name }) => name));
    const isForeign = folder !== start && names.has('.git');
    if (isForeign || INSTALLATIONS.some((name) => names.has(name))) return;
    for (const entry of entries) await look(entry, folder, names);
  };
  const look = async (entry: Dirent, folder: string, beside: ReadonlySet<string>) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.name === '.git' || search.isExcluded(path)) return;
    const rule = await matchingRule(entry, path, beside, search.root);
    if (rule === undefined || !search.groups.has(rule.group)) {
      // A folder of modules that stays may hold a cache that goes, but what else is in it was installed.
      if (entry.name === 'node_modules') await visitCachesOf(path);
      else if (rule === undefined && entry.isDirectory()) await visit(path);
      return;
    }
    const judged = await judge(path, search).catch((error: unknown) => ({ why: unreadable(error) }));
    if ('why' in judged) return void found.protected.push({ path, why: judged.why });
    const isOld = search.now - judged.newestMs >= (rule.minHours ?? 0) * 3_600_000;
    if (isOld) found.leftovers.push({ path, group: rule.group, ...judged });
  };
  const visitCachesOf = async (modules: string) => {
    const entries = await readdir(join(search.root, modules), { withFileTypes: true }).catch(() => []);
    const hidden = entries.filter(({ name }) => name.startsWith('.'));
    for (const entry of hidden) if (isCache(entry, modules)) await look(entry, modules, new Set());
  };
  await visit(start);
  return found;
}

function isCache(entry: Dirent, modules: string): boolean {
  const path = `${modules}/${entry.name}`;
  return RULES.some((rule) => rule.kind === 'folder' && rule.group === 'tool caches' && names(rule, path));
}

async function matchingRule(
  entry: Dirent,
  path: string,
  beside: ReadonlySet<string>,
  root: string,
): Promise<Rule | undefined> {
  for (const rule of RULES) {
    // A link goes as a link, whatever it leads to.
    const isKind = entry.isSymbolicLink() || entry.isDirectory() === (rule.kind === 'folder');
    if (!isKind || !names(rule, path)) continue;
    if (rule.beside !== undefined && !rule.beside.some((name) => beside.has(name))) continue;
    if (rule.holding === undefined) return rule;
    const inside: string[] = await readdir(join(root, path)).catch(() => []);
    if (rule.holding.some((name) => inside.includes(name))) return rule;
  }
  return undefined;
}

function names(rule: Rule, path: string): boolean {
  const parts = path.split('/');
  return rule.name.test(parts.at(-1) ?? '') || rule.name.test(parts.slice(-2).join('/'));
}

type Measured = Pick<Leftover, 'files' | 'bytes' | 'newestMs'>;

async function judge(path: string, search: Search): Promise<Measured | { readonly why: string }> {
  const why = await protection(path, search);
  return why === undefined ? measure(join(search.root, path)) : { why };
}

function unreadable(error: unknown): string {
  return `it cannot be looked into: ${error instanceof Error ? error.message : String(error)}`;
}

/** Why a path must stay, or undefined. */
async function protection(path: string, { root, tracked }: Search): Promise<string | undefined> {
  if (tracked.has(path)) return 'git tracks it or something in it';
  const found = await lstat(join(root, path));
  if (!found.isDirectory()) return isEnvironmentFile(path) ? 'it is an environment file' : undefined;
  const inside = await readdir(join(root, path), { recursive: true });
  if (inside.some(isEnvironmentFile)) return 'it holds an environment file';
  const holdsRepository = inside.some((name) => name === '.git' || name.endsWith('/.git'));
  return holdsRepository ? 'it holds a repository' : undefined;
}

function isEnvironmentFile(path: string): boolean {
  return ENVIRONMENT_FILE.test(path.slice(path.lastIndexOf('/') + 1));
}

/** Files, bytes and last change of a path and all below it, links not followed. */
async function measure(path: string): Promise<Measured> {
  const found = await lstat(path);
  if (!found.isDirectory()) return { files: 1, bytes: found.size, newestMs: found.mtimeMs };
  let files = 0;
  let bytes = 0;
  let newestMs = 0;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const part = await measure(join(path, entry.name));
    files += part.files;
    bytes += part.bytes;
    newestMs = Math.max(newestMs, part.newestMs);
  }
  return { files, bytes, newestMs: files === 0 ? found.mtimeMs : newestMs };
}
