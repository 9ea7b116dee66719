import { realpath } from 'node:fs/promises';
import type { ActionContext } from '@cadre/sdk';
import { relativePath, resolveEntryInside } from '../tree/safe-path.ts';
import type { Found } from './find-projects.ts';
import type { Select } from './input.ts';
import type { FailedTests } from './last-run.ts';
import { NOTHING_SELECTED } from './perform.ts';
import type { Selection } from './runner.ts';

export interface Selected {
  readonly found: Found;
  readonly selection: Selection;
}

/** What each runner has to do; runners that the selection leaves out are not in it. */
export async function selectTests(
  context: ActionContext,
  all: readonly Found[],
  select: Select,
  failedBefore: FailedTests,
): Promise<Selected[]> {
  const files = await inWorkspace(context, select.files ?? []);
  const changed = await inWorkspace(context, select.changed ?? []);
  const failed = select.lastFailed === true ? failedBefore : [];
  const selected = await Promise.all(
    all.map(async (found): Promise<Selected[]> => {
      const selection: Selection = {
        ...NOTHING_SELECTED,
        pattern: select.pattern || undefined,
        files: below(found, files),
        failed: failed.filter(({ key }) => key === keyOf(found)),
        ...(changed.length === 0 ? {} : await affectedBy(found, below(found, changed))),
      };
      const isLeftOut =
        (files.length > 0 && selection.files.length === 0) ||
        (changed.length > 0 && selection.changed.length === 0 && selection.all === undefined) ||
        (failed.length > 0 && selection.failed.length === 0);
      return isLeftOut ? [] : [{ found, selection }];
    }),
  );
  return selected.flat();
}

/** Whether it is not simply all tests. */
export function isNarrowed({ pattern, files, changed, failed }: Selection): boolean {
  return pattern !== undefined || files.length + changed.length + failed.length > 0;
}

/** What to run after a change: by the runner's own way, by what it finds out beforehand, or everything and why. */
async function affectedBy(
  { runner, project }: Found,
  paths: readonly string[],
): Promise<Pick<Selection, 'changed'> & Partial<Selection>> {
  const changed = paths.filter(runner.isAffectedBy);
  const all = (reason: string) => ({ changed: [], all: reason });
  if (paths.includes('.')) return all('the whole folder is named as changed');
  const [first] = changed;
  if (first === undefined) return { changed: [] };
  const settings = changed.find(runner.affectsAll);
  if (settings !== undefined) return all(`${settings} may affect every test`);
  const deleted = changed.find((path) => !project.files.includes(path));
  if (deleted !== undefined) return all(`${deleted} is no longer there`);
  if (runner.affected === undefined) return { changed };
  const affected = await runner.affected(project, changed);
  const what = changed.length === 1 ? first : `${first} and others`;
  return affected === undefined ? all(`it is not known which tests ${what} affects`) : { changed: affected };
}

/** Names a runner in a folder, between runs. */
export function keyOf({ runner, project }: Found): string {
  return `${runner.name}:${project.folder.path}`;
}

async function inWorkspace(context: ActionContext, paths: readonly string[]): Promise<string[]> {
  const workspace = await realpath(context.workspace);
  return Promise.all(
    paths.map(async (path) => relativePath(workspace, await resolveEntryInside(workspace, path))),
  );
}

/** Relative to the folder of the runner. A folder around it means all of it, which is no selection. */
function below({ project }: Found, paths: readonly string[]): string[] {
  const prefix = project.folder.path === '' ? '' : `${project.folder.path}/`;
  const isAround = (path: string) => path === '.' || prefix.startsWith(`${path}/`);
  return paths.flatMap((path) => {
    if (isAround(path)) return ['.'];
    return path.startsWith(prefix) ? [path.slice(prefix.length)] : [];
  });
}
