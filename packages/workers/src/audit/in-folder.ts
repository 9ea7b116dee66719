import type { ActionContext } from '@cadre/sdk';
import { nameInside, resolveInside } from '../tree/safe-path.ts';

/** Tells whether a path of the workspace is the named one or below it; without a name everything is. */
export async function folderTest(
  context: ActionContext,
  path: string | undefined,
): Promise<(path: string) => boolean> {
  const target = await resolveInside(context.workspace, path ?? '.');
  const name = await nameInside(context.workspace, target);
  return name === '.' ? () => true : (other) => other === name || other.startsWith(`${name}/`);
}
