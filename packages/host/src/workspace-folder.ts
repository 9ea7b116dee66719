import { basename, join } from 'node:path';
import { sha256 } from '@cadre/core/history';
import { dataDir } from '@cadre/kit/data';
import { APP } from './app-options.ts';

/** In it: packages of workers that were installed. */
export const PACKAGES_FOLDER = 'packages';

/** In it: packages of skills that were installed. */
export const SKILLS_FOLDER = 'skills';

/** Where the data of a workspace is: a name for people, and a hash because two repositories may be called alike. */
export function workspaceFolder(root: string, env: Readonly<Record<string, string | undefined>>): string {
  const name = basename(root)
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 40);
  return join(dataDir(APP, { env }), 'workspaces', `${name}-${sha256(root).slice(0, 10)}`);
}
