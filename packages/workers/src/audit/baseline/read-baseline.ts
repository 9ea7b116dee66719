import { readFile } from 'node:fs/promises';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { resolveInside } from '../../tree/safe-path.ts';
import { type Accepted, BASELINE_PATH, parseBaseline } from './baseline.ts';

/** The baseline at a path of the workspace; without a path the usual one, which need not be there. */
export async function readBaseline(
  context: ActionContext,
  path: string | undefined,
): Promise<readonly Accepted[]> {
  const name = path ?? BASELINE_PATH;
  const content = await readFile(await resolveInside(context.workspace, name), 'utf8').catch(
    (error: unknown) => {
      const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (isAbsent && path === undefined) return undefined;
      throw new ActionError(
        'invalid_baseline',
        `cannot read the baseline ${name}: ${(error as Error).message}`,
        {
          hint: 'name a file that exists, or leave `baseline` out',
        },
      );
    },
  );
  return content === undefined ? [] : parseBaseline(content, name);
}

/** Today in UTC, as baselines write days. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}
