import { isAbsolute, relative, sep } from 'node:path';

/** Whether a real path is the root or below it; a sibling that shares the beginning of the name is not. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
