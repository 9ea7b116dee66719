import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { trash } from '@cadre/kit/files';
import { type ActionContext, ActionError } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { resolveEntryInside } from '../tree/safe-path.ts';

export interface WayInput {
  readonly from: string;
  readonly to: string;
  readonly overwrite?: boolean;
}

export interface Way {
  readonly from: string;
  readonly to: string;
  /** Token of what stood at the target and is now in the trash. */
  readonly replaced: string | null;
}

export function trashDir(context: ActionContext): string {
  return join(context.dataDir, 'trash');
}

/** Both ends as absolute paths, the target free and its folder there. Throws `not_found`, `exists`, `invalid_input`. */
export async function prepareWay(input: WayInput, context: ActionContext): Promise<Way> {
  const from = await resolveEntryInside(context.workspace, input.from);
  const to = await resolveEntryInside(context.workspace, input.to);
  if (!(await isThere(from))) throw new ActionError('not_found', `${input.from} does not exist`);
  if (to === from || to.startsWith(`${from}/`) || from.startsWith(`${to}/`)) {
    throw new ActionError(
      'invalid_input',
      `${input.from} and ${input.to} are the same or one holds the other`,
    );
  }
  const taken = await isThere(to);
  if (taken && !input.overwrite) {
    throw new ActionError('exists', `${input.to} exists already`, { hint: 'set overwrite to replace it' });
  }
  await mkdir(dirname(to), { recursive: true });
  const replaced = taken ? (await trash(to, { trashDir: trashDir(context) })).token : null;
  return { from, to, replaced };
}
