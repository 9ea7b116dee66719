import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '@cadre/kit/files';
import { isThere } from '../tree/is-there.ts';
import { copyProven } from './copy-proven.ts';
import type { JournalEntry } from './journal.ts';

/**
 * Moves between a workspace and the trash of a run.
 * Invariants, after `kill -9` at any moment too:
 * 1. Each path of the journal is whole in exactly one place: where it was, aside of it, or in the trash.
 * 2. What lies in `items` under its number is complete. Across file systems it is copied to another name, proven, then
 *    the original is renamed aside, then the copy gets its number, and only then the original goes.
 * 3. Settling and restoring may be repeated until nothing is left to do.
 */
export async function moveToTrash(folder: string, entry: JournalEntry): Promise<void> {
  const { stored, copied, aside } = placesOf(folder, entry);
  try {
    await rename(entry.path, stored);
    return;
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
  }
  await rm(copied, { recursive: true, force: true });
  await copyProven(entry.path, copied);
  await rename(entry.path, aside);
  await rename(copied, stored);
  await rm(aside, { recursive: true, force: true });
}

/** Ends what a killed attempt had begun, so that nothing is left aside in the workspace. */
export async function settle(folder: string, entry: JournalEntry): Promise<void> {
  const { stored, copied, aside, returned } = placesOf(folder, entry);
  if (await isThere(returned)) return settleReturn(folder, entry);
  if (await isThere(aside)) {
    if (!(await isThere(stored))) await rename(copied, stored);
    await rm(aside, { recursive: true, force: true });
  }
  await rm(copied, { recursive: true, force: true });
}

/** `absent` when it never left, or was put back before; `taken` when something new stands in its place. */
export async function putBack(folder: string, entry: JournalEntry): Promise<'restored' | 'absent' | 'taken'> {
  await settle(folder, entry);
  const { stored, aside, returned } = placesOf(folder, entry);
  if (!(await isThere(stored))) return 'absent';
  if (await isThere(entry.path)) return 'taken';
  await mkdir(dirname(entry.path), { recursive: true });
  try {
    await rename(stored, entry.path);
    return 'restored';
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
  }
  await copyProven(stored, aside);
  await rename(stored, returned);
  await settleReturn(folder, entry);
  return 'restored';
}

/** From the moment on that an item is called `returned`, the copy aside of its place is whole and goes there. */
async function settleReturn(folder: string, entry: JournalEntry): Promise<void> {
  const { stored, aside, returned } = placesOf(folder, entry);
  const isWaiting = await isThere(aside);
  if (isWaiting && (await isThere(entry.path))) {
    await rename(returned, stored);
    return rm(aside, { recursive: true, force: true });
  }
  if (isWaiting) await rename(aside, entry.path);
  await rm(returned, { recursive: true, force: true });
}

function placesOf(folder: string, { item, path }: JournalEntry) {
  const stored = join(folder, 'items', item);
  return {
    stored,
    copied: `${stored}.partial`,
    returned: `${stored}.returned`,
    aside: `${path}.cadre-moving`,
  };
}
