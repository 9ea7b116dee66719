import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CadreError, once } from '@cadre/core';
import { contentVersion, writeAtomic } from '@cadre/kit/files';
import { compare } from 'semver';
import { z } from 'zod';
import type { LockedWorker } from '../../ports/packages.ts';

/** Stands in the repository, so that everybody who works on it has the same workers. */
export const LOCK_FILE = '.cadre/workers.lock.json';

const shape = once(() =>
  z.strictObject({
    format: z.literal(1),
    workers: z.array(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z0-9-]{1,49}$/),
        version: z.string(),
        digest: z.string().regex(/^[0-9a-f]{64}$/),
        signer: z.string().exactOptional(),
        source: z.string(),
      }),
    ),
  }),
);

export interface WorkerLock {
  readonly workers: readonly LockedWorker[];
  /** Of the file; null: there is none. */
  readonly state: string | null;
}

/** Throws CadreError `config_corrupt`. */
export async function readWorkerLock(root: string): Promise<WorkerLock> {
  const file = join(root, LOCK_FILE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { workers: [], state: null };
  return { workers: parseWorkerLock(text, file), state: contentVersion(Buffer.from(text)) };
}

export function parseWorkerLock(text: string, file: string): readonly LockedWorker[] {
  try {
    return shape().parse(JSON.parse(text)).workers;
  } catch (cause) {
    throw new CadreError('config_corrupt', `${file} cannot be read`, {
      hint: 'take it back from git, or remove it and add the workers again',
      cause,
    });
  }
}

/** Refused with `changed_meanwhile` when somebody else has written since it was read. */
export async function writeWorkerLock(
  root: string,
  before: WorkerLock,
  workers: readonly LockedWorker[],
): Promise<void> {
  const file = join(root, LOCK_FILE);
  const sorted = [...workers].sort((a, b) =>
    a.id === b.id ? compare(a.version, b.version) : a.id < b.id ? -1 : 1,
  );
  await mkdir(dirname(file), { recursive: true });
  await writeAtomic(file, `${JSON.stringify({ format: 1, workers: sorted }, undefined, 2)}\n`, {
    ifVersion: before.state,
  });
}
