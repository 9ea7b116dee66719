import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CadreError, PackageKind } from '@cadre/core';
import type { LockedPackage } from '../../ports/packages.ts';
import { type BrokenWorker, fault } from '../load-worker.ts';
import { LOCK_FILE, parseWorkerLock } from './worker-lock.ts';

/** A lock that cannot be read is told of like a package that cannot: the others go on being of use. */
export function lockedPackages(
  root: string,
  of: PackageKind,
): { readonly locked: readonly LockedPackage[]; readonly broken: readonly BrokenWorker[] } {
  const file = join(root, LOCK_FILE);
  if (!existsSync(file)) return { locked: [], broken: [] };
  try {
    const all = parseWorkerLock(readFileSync(file, 'utf8'), file);
    return { locked: all.filter(({ kind }) => kind === of), broken: [] };
  } catch (error) {
    const { message, hint } = error as CadreError;
    const problem = { ...fault('', message), ...(hint === undefined ? {} : { suggestion: hint }) };
    return { locked: [], broken: [{ folder: file, problems: [problem] }] };
  }
}
