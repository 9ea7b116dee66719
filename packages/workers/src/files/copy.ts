import { copyTree } from '@cadre/kit/files';
import { ActionError, defineAction } from '@cadre/sdk';
import { nameInside } from '../tree/safe-path.ts';
import { prepareWay, type WayInput } from './way.ts';

export const copy = defineAction(async (input: WayInput, context) => {
  const { from, to, replaced } = await prepareWay(input, context);
  const copied = await copyTree(from, to, {
    signal: context.signal,
    onProgress: ({ files }) => context.progress({ label: 'copied', done: files, unit: 'files' }),
  });
  if (copied.status !== 'succeeded') {
    throw new ActionError(
      'not_readable',
      `${copied.failed.length} parts of ${input.from} could not be copied`,
      {
        details: { failed: copied.failed.map(({ path, message }) => ({ path, message })) },
      },
    );
  }
  context.effect({
    kind: 'file',
    change: 'created',
    path: await nameInside(context.workspace, to),
    files: copied.files,
    bytes: copied.bytes,
  });
  return { from: input.from, to: input.to, replaced };
});
