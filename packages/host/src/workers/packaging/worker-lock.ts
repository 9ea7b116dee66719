import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CadreError, once, SKILL_ID, WORKER_ID } from '@cadre/core';
import { contentVersion, writeAtomic } from '@cadre/kit/files';
import { compare } from 'semver';
import { z } from 'zod';
import type { LockedPackage } from '../../ports/packages.ts';

/** Stands in the repository, so that everybody who works on it has the same workers and skills. */
export const LOCK_FILE = '.cadre/workers.lock.json';

const shape = once(() =>
  z.strictObject({
    format: z.literal(1),
    workers: z.array(entry(WORKER_ID)),
    skills: z.array(entry(SKILL_ID)).exactOptional(),
  }),
);

function entry(id: RegExp) {
  return z.strictObject({
    id: z.string().regex(id),
    version: z.string(),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    signer: z.string().exactOptional(),
    source: z.string(),
  });
}

export interface WorkerLock {
  readonly packages: readonly LockedPackage[];
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
  if (text === undefined) return { packages: [], state: null };
  return { packages: parseWorkerLock(text, file), state: contentVersion(Buffer.from(text)) };
}

export function parseWorkerLock(text: string, file: string): readonly LockedPackage[] {
  try {
    const { workers, skills = [] } = shape().parse(JSON.parse(text));
    return [
      ...workers.map((one) => ({ kind: 'worker' as const, ...one })),
      ...skills.map((one) => ({ kind: 'skill' as const, ...one })),
    ];
  } catch (cause) {
    throw new CadreError('config_corrupt', `${file} cannot be read`, {
      hint: 'take it back from git, or remove it and add the packages again',
      cause,
    });
  }
}

/** Refused with `changed_meanwhile` when somebody else has written since it was read. */
export async function writeWorkerLock(
  root: string,
  before: WorkerLock,
  packages: readonly LockedPackage[],
): Promise<void> {
  const file = join(root, LOCK_FILE);
  const sorted = [...packages].sort((a, b) =>
    a.id === b.id ? compare(a.version, b.version) : a.id < b.id ? -1 : 1,
  );
  await mkdir(dirname(file), { recursive: true });
  const of = (kind: LockedPackage['kind']) =>
    sorted.filter((one) => one.kind === kind).map(({ kind: _, ...rest }) => rest);
  const skills = of('skill');
  const written = { format: 1, workers: of('worker'), ...(skills.length === 0 ? {} : { skills }) };
  await writeAtomic(file, `${JSON.stringify(written, undefined, 2)}\n`, {
    ifVersion: before.state,
  });
}
