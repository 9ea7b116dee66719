import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';

export interface PinnedSettings {
  readonly writable: readonly string[];
  /** Parts of it that are kept from being written or seen. */
  readonly guarded: readonly string[];
  /** Where lies what is shown at a path. */
  readonly sourceOf: (path: string) => string;
}

/**
 * Folders that may be written, between the beginning of what may be written and something in it that may not. A mount cannot be moved,
 * but the folder around it can: the system takes the mount along, and something else could be put where it was. So each of these
 * becomes a mount of itself. Links are none of them: what they lead to is not what was guarded.
 */
export function pinnedFolders({ writable, guarded, sourceOf }: PinnedSettings): readonly string[] {
  const said = new Set([...writable, ...guarded]);
  return [...new Set(guarded.flatMap((path) => aroundInside(path, writable)))]
    .filter((path) => !said.has(path) && isWritten(path, writable, guarded))
    .filter((path) => lstatSync(sourceOf(path), { throwIfNoEntry: false })?.isDirectory() === true);
}

/** The outermost part of the way to a path that is not there, within what may be written; undefined: nothing is missing. */
export function firstMissing(
  path: string,
  writable: readonly string[],
  isThere: (path: string) => boolean,
): string | undefined {
  return [path, ...aroundInside(path, writable)].findLast((part) => !isThere(part));
}

/** The folders around a path, the nearest first, that are inside of the outermost that may be written. */
function aroundInside(path: string, writable: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (let part = dirname(path); part !== '/'; part = dirname(part)) found.push(part);
  return found.filter((part) => writable.some((folder) => part.startsWith(`${folder}/`)));
}

/** What the deepest path that holds it says. */
function isWritten(path: string, writable: readonly string[], guarded: readonly string[]): boolean {
  const deepest = (paths: readonly string[]) =>
    Math.max(0, ...paths.filter((one) => path.startsWith(`${one}/`)).map((one) => one.length));
  return deepest(writable) > deepest(guarded);
}
