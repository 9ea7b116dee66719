import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isInside, realTarget } from '@cadre/kit/files';
import { ActionError } from '@cadre/sdk';

/**
 * The real absolute path, links followed, of something inside `root`, also when it does not exist yet.
 * Throws ActionError `outside_root` when `..` or a link leads out.
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  const real = await realTarget(root);
  return checkInside(real, await realTarget(named(root, real, path)), path);
}

/** As `resolveInside`, but a link in the last place is meant itself and not what it leads to. */
export async function resolveEntryInside(root: string, path: string): Promise<string> {
  const real = await realTarget(root);
  const target = named(root, real, path);
  if (target === real) return real;
  const folder = await realTarget(resolve(target, '..'));
  return checkInside(real, join(folder, relative(resolve(target, '..'), target)), path);
}

/** Relative to `root`, with `/` on every system; the root itself is `.`. */
export function relativePath(root: string, path: string): string {
  return relative(root, path).split(sep).join('/') || '.';
}

/** As `relativePath`, for a real path and a root that may itself be reached over a link. */
export async function nameInside(root: string, path: string): Promise<string> {
  return relativePath(await realTarget(root), path);
}

/** An absolute path may begin with the root as it was given, which may itself lead over a link. */
function named(root: string, real: string, path: string): string {
  return isAbsolute(path) && isInside(root, path) ? resolve(real, relative(root, path)) : resolve(real, path);
}

function checkInside(root: string, target: string, path: string): string {
  if (isInside(root, target)) return target;
  throw new ActionError('outside_root', `${path} leads out of the workspace`, {
    hint: 'name a path inside the workspace',
  });
}
