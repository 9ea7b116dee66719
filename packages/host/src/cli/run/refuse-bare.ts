import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CadreError } from '@cadre/core';

/** In a bare repository every file is git's own: formatting or deleting any would break it. Throws `workspace_not_found`. */
export async function refuseBare(folder: string): Promise<void> {
  const parts = ['HEAD', 'objects', 'refs'].map((name) => stat(join(folder, name)).catch(() => undefined));
  const [head, objects, refs] = await Promise.all(parts);
  if (head?.isFile() !== true || objects?.isDirectory() !== true || refs?.isDirectory() !== true) return;
  throw new CadreError('workspace_not_found', `${folder} is a bare repository: it has no files to work on`, {
    hint: `git clone ${folder}, and name the clone with --path`,
  });
}
