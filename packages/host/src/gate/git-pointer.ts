import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside } from '@cadre/kit/files';
import { failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { Confinement, Noticed } from '../ports/action-runner.ts';
import { gitFolders } from './git-folders.ts';

const RULE = 'git would take its settings, and with them programs that it runs, from where this file points';

/**
 * A file `commondir` in the folder of git says where its settings are. git itself has one in linked worktrees alone, where it cannot be
 * written; elsewhere none may come to be. It cannot be kept out by something in its place, since git refuses to work with one that says
 * nothing. So it is looked for when a call is over, and taken away.
 */
export async function watchGitPointer(
  workspace: string,
  { writable }: Confinement,
): Promise<(outcome: Outcome<JsonValue>, note: (noticed: Noticed) => void) => Promise<Outcome<JsonValue>>> {
  const git = await gitFolders(workspace);
  const pointer = git === undefined ? undefined : join(git.joint, 'commondir');
  const isWatched =
    pointer !== undefined &&
    writable.some((folder) => isInside(folder, pointer)) &&
    !(await isThere(pointer));
  if (!isWatched) return async (outcome) => outcome;
  return async (outcome, note) => {
    if (!(await isThere(pointer))) return outcome;
    await rm(pointer, { recursive: true, force: true });
    note({ kind: 'refused', tried: pointer, rule: RULE });
    const hint = 'it was taken away; look at what the worker does before you run it again';
    return { ok: false, failure: failure('denied', `it wrote ${pointer}: ${RULE}`, { hint }) };
  };
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
