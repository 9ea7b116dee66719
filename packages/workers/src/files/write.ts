import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ActionError, defineAction } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { nameInside, resolveInside } from '../tree/safe-path.ts';
import { writeAtomic } from '../tree/write-atomic.ts';

const MAX_BYTES = 64 * 1024 * 1024;

interface WriteInput {
  readonly path: string;
  readonly content: string;
  readonly encoding?: 'utf8' | 'base64';
  readonly ifVersion?: string | null;
  readonly mode?: number;
}

/** Fails with `changed_meanwhile` when the file is not the version named, `too_large`, `not_writable`, `disk_full`. */
export const write = defineAction(async (input: WriteInput, context) => {
  const path = await resolveInside(context.workspace, input.path);
  const content = Buffer.from(input.content, input.encoding ?? 'utf8');
  if (content.length > MAX_BYTES) {
    throw new ActionError('too_large', `${input.path} would have ${content.length} bytes, more than 64 MiB`, {
      hint: 'write large files with a program through shell/run',
    });
  }
  const created = !(await isThere(path));
  await mkdir(dirname(path), { recursive: true });
  const { version } = await writeAtomic(path, content, {
    ...(input.mode === undefined ? {} : { mode: input.mode }),
    ...(input.ifVersion === undefined ? {} : { ifVersion: input.ifVersion }),
  });
  context.effect({
    kind: 'file',
    change: created ? 'created' : 'modified',
    path: await nameInside(context.workspace, path),
    bytes: content.length,
  });
  return { path: input.path, bytes: content.length, version, created };
});
