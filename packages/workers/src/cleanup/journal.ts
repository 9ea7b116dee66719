import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '@cadre/sdk';

/** One path that a run wants to move to the trash. */
export interface JournalEntry {
  readonly item: string;
  /** Real absolute path. */
  readonly path: string;
}

/** The trash of one run: `journal.jsonl` and the folder `items`, in which each has its number as its name. */
export function trashFolder(context: ActionContext, run: string): string {
  return join(context.dataDir, 'trash', encodeURIComponent(run).replaceAll('.', '%2E'));
}

/** Notes what will be moved, on the disk, before anything is moved. Numbers go on where an earlier attempt ended. */
export async function appendJournal(folder: string, paths: readonly string[]): Promise<JournalEntry[]> {
  await mkdir(join(folder, 'items'), { recursive: true, mode: 0o700 });
  const known = await wholeLines(folder);
  const first = known.length;
  const entries = paths.map((path, index) => ({ item: String(first + index), path }));
  const file = await open(join(folder, 'journal.jsonl'), 'a', 0o600);
  try {
    // Else a line that was cut off would swallow the next one.
    await file.truncate(Buffer.byteLength(known.map((line) => `${line}\n`).join('')));
    await file.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  return entries;
}

export async function readJournal(folder: string): Promise<JournalEntry[]> {
  return (await wholeLines(folder)).map((line) => JSON.parse(line) as JournalEntry);
}

/** A last line that was cut off by a crash named nothing that was moved. */
async function wholeLines(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'journal.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

/** Names of runs whose trash nobody touched since a time. */
export async function trashBefore(context: ActionContext, timeMs: number): Promise<string[]> {
  const trash = join(context.dataDir, 'trash');
  const runs: string[] = [];
  for (const name of await readdir(trash).catch(() => [])) {
    const { mtimeMs } = await stat(join(trash, name));
    if (mtimeMs <= timeMs) runs.push(decodeURIComponent(name));
  }
  return runs.sort();
}

export async function removeTrash(context: ActionContext, run: string): Promise<void> {
  await rm(trashFolder(context, run), { recursive: true, force: true });
}
