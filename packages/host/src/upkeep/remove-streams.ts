import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isOver } from '@cadre/core';
import type { RunStore } from '../ports/store.ts';

const DAY_MS = 86_400_000;

/**
 * Removes streams of bytes that a run has left on this machine: whoever ended it may be another machine, or may have died in
 * between. Answers whose they were.
 */
export async function removeStreams(
  dataDir: string,
  runs: Pick<RunStore, 'find'>,
  now: number,
): Promise<readonly string[]> {
  const folder = join(dataDir, 'streams');
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const record = await runs.find(name);
    // A single call is part of no run, and is over within a day.
    const isLeft = record === undefined ? now - (await stat(path)).mtimeMs > DAY_MS : isOver(record.status);
    if (!isLeft) continue;
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    removed.push(name);
  }
  return removed;
}
