import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Effect } from '@cadre/sdk';

/**
 * What a plan rests on: the content of every file it would change, and where the branch stands. When it differs, the
 * plan is no longer true. Folders that would be deleted count by being there.
 */
export async function fingerprint(root: string, effects: readonly Effect[]): Promise<string> {
  const paths = effects.flatMap((effect) => (effect.kind === 'file' ? [effect.path] : []));
  const hash = createHash('sha256');
  for (const path of [...new Set(paths), '.git/HEAD', '.git/logs/HEAD', '.git/index'].sort()) {
    hash
      .update(`${JSON.stringify(path)}:`)
      .update(await contentOf(join(root, path)))
      .update('\n');
  }
  return hash.digest('hex');
}

async function contentOf(path: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
