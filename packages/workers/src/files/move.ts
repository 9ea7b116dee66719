import { rename, rm } from 'node:fs/promises';
import { copyTree, systemCode } from '@cadre/kit/files';
import { ActionError, defineAction } from '@cadre/sdk';
import { nameInside } from '../tree/safe-path.ts';
import { prepareWay, type WayInput } from './way.ts';

export const move = defineAction(async (input: WayInput, context) => {
  const { from, to, replaced } = await prepareWay(input, context);
  await rename(from, to).catch(async (error: unknown) => {
    if (systemCode(error) !== 'EXDEV') throw error;
    await moveAcross(from, to);
  });
  context.effect({ kind: 'file', change: 'deleted', path: await nameInside(context.workspace, from) });
  context.effect({ kind: 'file', change: 'created', path: await nameInside(context.workspace, to) });
  return { from: input.from, to: input.to, replaced };
});

/** Between file systems; the source goes only when the whole copy stands. */
async function moveAcross(from: string, to: string): Promise<void> {
  const { status } = await copyTree(from, to);
  if (status !== 'succeeded') {
    await rm(to, { recursive: true, force: true });
    throw new ActionError('not_readable', `parts of ${from} could not be copied to another file system`);
  }
  await rm(from, { recursive: true });
}
