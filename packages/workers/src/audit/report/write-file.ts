import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ActionContext, Change } from '@cadre/sdk';
import { blobId } from '../../tree/blob-id.ts';
import { nameInside, resolveInside } from '../../tree/safe-path.ts';
import { writeAtomic } from '../../tree/write-atomic.ts';

/**
 * Writes a file of the workspace when its content is new, and tells of it. In a preview nothing is written.
 * Answers undefined when it was so already. Throws `outside_root`.
 */
export async function writeFile(
  context: ActionContext,
  name: string,
  content: string,
): Promise<Change | undefined> {
  const target = await resolveInside(context.workspace, name);
  const before = await readFile(target).catch(() => undefined);
  if (before?.equals(Buffer.from(content))) return undefined;
  const path = await nameInside(context.workspace, target);
  const change = before === undefined ? 'created' : 'modified';
  if (context.mode === 'apply') {
    await mkdir(dirname(target), { recursive: true });
    await writeAtomic(target, content);
  }
  context.effect({ kind: 'file', change, path, bytes: Buffer.byteLength(content) });
  return { path, change, before: before === undefined ? null : blobId(before) };
}
