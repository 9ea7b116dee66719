import { dirname, posix } from 'node:path';
import type { Confinement } from '../../ports/action-runner.ts';

export type GrantedWay = 'readable' | 'writable' | 'hidden';

export interface GrantedWays {
  /** What the deepest of the paths that hold it says; undefined: nothing was granted of it. */
  of(path: string): GrantedWay | undefined;
  /** Where what was granted begins, seen from above. */
  readonly tops: readonly string[];
  /** What lies in something that may be written and may not be written itself, or not be seen. */
  readonly guarded: readonly string[];
  /** Nothing that is in one of them is carried. */
  isCache(path: string): boolean;
  /** Whether a link there leads to what was granted, wherever the way to it goes. */
  staysInside(path: string, to: string): boolean;
}

export interface WaysSettings extends Pick<Confinement, 'readable' | 'writable' | 'hidden'> {
  /** Read-only besides: what the program itself needs. */
  readonly packages: readonly string[];
  readonly caches: readonly string[];
}

/** What may be seen and written where: the same that the mounts of a box come to. */
export function grantedWays({ readable, writable, hidden, packages, caches }: WaysSettings): GrantedWays {
  // Of the same path in several lists the last counts.
  const said = new Map<string, GrantedWay>([
    ...[...packages, ...readable].map((path) => [path, 'readable'] as const),
    ...writable.map((path) => [path, 'writable'] as const),
    ...hidden.map((path) => [path, 'hidden'] as const),
  ]);
  const cached = new Set(caches);
  const of = (path: string): GrantedWay | undefined => {
    for (const part of upwards(path)) {
      const way = said.get(part);
      if (way !== undefined) return way;
    }
    return undefined;
  };
  const isOpen = (path: string) => {
    const way = of(path);
    return way !== undefined && way !== 'hidden';
  };
  return {
    of,
    tops: [...said.keys()].filter((path) => isOpen(path) && !isOpen(dirname(path))).sort(),
    guarded: [...said]
      .filter(
        ([path, way]) =>
          way !== 'writable' && upwards(dirname(path)).some((part) => said.get(part) === 'writable'),
      )
      .map(([path]) => path),
    isCache: (path) => upwards(path).some((part) => cached.has(part)),
    staysInside(path, to) {
      // A name before `..` may be a link itself, and then it leads up from somewhere else.
      const afterNames = to.replace(/^(\.\.?\/+)*/, '');
      if (afterNames.split('/').includes('..') && afterNames !== '..') return false;
      return isOpen(posix.resolve(dirname(path), to));
    },
  };
}

function upwards(path: string): readonly string[] {
  const parts: string[] = [];
  for (let part = path; part !== '/' && part !== '.'; part = dirname(part)) parts.push(part);
  return parts;
}
