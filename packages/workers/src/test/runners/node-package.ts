import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { foldersAbove } from '../../code/scratch.ts';
import type { FailedTest, Job } from '../runner.ts';

/** Source files of JavaScript projects, and what their tests may read. */
export function isNodeSource(path: string): boolean {
  return /\.([cm]?[jt]sx?|vue|svelte|json|snap|css|html)$/.test(path);
}

/** What decides how they are found and run. */
export function isNodeSetting(path: string): boolean {
  return /(^|\/)(package(-lock)?\.json|[jt]sconfig[^/]*\.json|(vitest|vite|jest|babel)\.(config|workspace)\.\w+)$/.test(
    path,
  );
}

/** Whether a package is installed for the root or for a folder above it. */
export async function hasPackage({ project }: Job, name: string): Promise<boolean> {
  const folders = foldersAbove(`${project.folder.path}/x`.replace(/^\//, ''));
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(project.workspace, folder, 'node_modules', name, 'package.json')).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Whether one of the project's settings files speaks of something. */
export async function isConfigured({ project }: Job, files: RegExp, pattern: RegExp): Promise<boolean> {
  const own = project.files.filter((file) => files.test(file));
  const texts = await Promise.all(own.map((file) => project.read(file)));
  return texts.some((text) => pattern.test(text));
}

/** A pattern for full names that fits any of the tests that failed; their ids are patterns. */
export function failedPattern(failed: readonly FailedTest[]): string {
  return `^(${failed.map(({ id }) => id).join('|')})$`;
}

export function filesOf(failed: readonly FailedTest[]): string[] {
  return [...new Set(failed.flatMap(({ file }) => file ?? []))];
}
