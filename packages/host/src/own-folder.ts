import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from '@cadre/kit/files';
import type { LeaseHolder } from './ports/lease-store.ts';

/** A folder for this process alone. What processes of this machine have left that are gone is removed. */
export async function ownFolder(
  around: string,
  { host, pid }: Pick<LeaseHolder, 'host' | 'pid'>,
): Promise<string> {
  await mkdir(around, { recursive: true, mode: 0o700 });
  for (const name of await readdir(around)) {
    const [, other] = name.startsWith(`${host}-`) ? (/-(\d+)-[^-]+$/.exec(name) ?? []) : [];
    if (other !== undefined && Number(other) !== pid && !(await isRunning(Number(other), '')))
      await rm(join(around, name), { recursive: true, force: true });
  }
  return mkdtemp(join(around, `${host}-${pid}-`));
}
