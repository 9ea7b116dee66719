import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { InstalledWorker } from '../../ports/action-runner.ts';
import { look, stampAt } from './stamp.ts';

/** Changes when the code of a worker does, also where its author forgot to raise the version. */
export function workerCode({ folder }: InstalledWorker): Readonly<Record<string, string>> {
  const stamps: Record<string, string> = {};
  const folders = [''];
  for (let below = folders.pop(); below !== undefined; below = folders.pop()) {
    for (const entry of look(() => readdirSync(join(folder, below), { withFileTypes: true })) ?? []) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      // What is installed there is told by its package manager's record.
      if (entry.isDirectory() && entry.name !== 'node_modules') folders.push(path);
      else stamps[path] = stampAt(join(folder, path)) ?? '';
    }
  }
  return stamps;
}
