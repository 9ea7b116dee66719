import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { KitError } from '../error.ts';
import { isInside } from './is-inside.ts';
import { readBytes } from './read-text.ts';
import { systemFault } from './system-fault.ts';

export interface Entry {
  /** Relative to the root, with `/` on every system. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
}

export interface WalkOptions {
  /** Leave out what `.gitignore` files name, and `.git` itself. Default true. */
  readonly gitignore?: boolean;
  /** Enter links to folders inside the root; each real folder once on a way, so that loops end. Default false. */
  readonly followLinks?: boolean;
  readonly signal?: AbortSignal;
  /** Called for a folder that cannot be read, which is then passed over. Default: throw `not_readable`. */
  readonly onUnreadable?: (path: string, error: unknown) => void;
}

interface Level {
  /** Relative to the root, empty for the root itself, else with `/` at the end. */
  readonly prefix: string;
  /** Real folders from the root down to here. */
  readonly real: readonly string[];
  readonly rules: readonly Rules[];
}

interface Rules {
  readonly prefix: string;
  readonly ignore: Ignore;
}

/**
 * Everything below `root`, a folder before what it holds, names in code-unit order, as a stream. Links are given as
 * links unless they are followed. Throws `not_found`, `not_readable`, `cancelled`.
 */
export async function* walk(root: string, options: WalkOptions = {}): AsyncGenerator<Entry, void, undefined> {
  const real = await realpath(root).catch((error: unknown) => {
    throw systemFault(error, `cannot list ${root}`, 'not_readable');
  });
  yield* walkFolder({ prefix: '', real: [real], rules: [] }, { root: real, ...options });
}

async function* walkFolder(level: Level, options: WalkOptions & { root: string }): AsyncGenerator<Entry> {
  if (options.signal?.aborted) throw new KitError('cancelled', `listing ${options.root} was cancelled`);
  const entries = await namesIn(level, options);
  const rules = options.gitignore === false ? [] : await withRulesOf(entries, level, options.root);
  for (const entry of entries) {
    const path = level.prefix + entry.name;
    const followed = await followedFolder(entry, path, level, options);
    const isFolder = followed !== undefined;
    if (options.gitignore !== false && isIgnored(entry.name, isFolder ? `${path}/` : path, rules)) continue;
    yield { path, kind: isFolder ? 'folder' : kindOf(entry) };
    if (isFolder) yield* walkFolder({ prefix: `${path}/`, real: [...level.real, followed], rules }, options);
  }
}

async function namesIn(level: Level, options: WalkOptions & { root: string }): Promise<Dirent[]> {
  try {
    const entries = await readdir(join(options.root, level.prefix), { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const path = level.prefix === '' ? '.' : level.prefix.slice(0, -1);
    if (options.onUnreadable === undefined) throw systemFault(error, `cannot list ${path}`, 'not_readable');
    options.onUnreadable(path, error);
    return [];
  }
}

async function withRulesOf(
  entries: readonly Dirent[],
  level: Level,
  root: string,
): Promise<readonly Rules[]> {
  if (!entries.some((entry) => entry.name === '.gitignore' && entry.isFile())) return level.rules;
  const text = await readBytes(join(root, level.prefix, '.gitignore'));
  return [...level.rules, { prefix: level.prefix, ignore: ignore().add(text.toString()) }];
}

/** The deepest file that says anything about a path decides, as in git. */
function isIgnored(name: string, path: string, rules: readonly Rules[]): boolean {
  if (name === '.git') return true;
  for (const rule of rules.toReversed()) {
    const verdict = rule.ignore.test(path.slice(rule.prefix.length));
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}

/** The real folder to go into, or undefined when the entry is not entered. */
async function followedFolder(
  entry: Dirent,
  path: string,
  level: Level,
  options: WalkOptions & { root: string },
): Promise<string | undefined> {
  const here = join(level.real.at(-1) ?? options.root, entry.name);
  if (entry.isDirectory()) return here;
  if (!entry.isSymbolicLink() || options.followLinks !== true) return undefined;
  const target = await realFolder(join(options.root, path));
  if (target === undefined || !isInside(options.root, target) || level.real.includes(target))
    return undefined;
  return target;
}

async function realFolder(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? await realpath(path) : undefined;
  } catch {
    // A broken link leads nowhere; it is listed as a link.
    return undefined;
  }
}

function kindOf(entry: Dirent): Entry['kind'] {
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
}
