import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type ActionContext, ActionError, defineAction } from '@cadre/sdk';
import { excluder } from '../tree/list-files.ts';
import { resolveInside } from '../tree/safe-path.ts';
import { archivePath, findArchive } from './archive-store.ts';
import type { ArchiveManifest } from './manifest.ts';
import { verifyArchive } from './read-archive.ts';
import { restoreHistory } from './restore-history.ts';
import { unpackArchive } from './unpack-archive.ts';

interface RestoreInput {
  readonly to: string;
  readonly only?: readonly string[];
  readonly archive?: string;
  readonly run?: string;
}

/**
 * Verifies an archive, unpacks it beside the target and moves it there in one step, so that a target is whole or not
 * there. Fails with `exists` for a target that holds something, `backup_damaged`, `denied`, `not_found`.
 */
export const restore = defineAction(async (input: RestoreInput, context) => {
  const { archive } = await findArchive(context, input);
  const target = isAbsolute(input.to) ? resolve(input.to) : await resolveInside(context.workspace, input.to);
  const held = await readdir(target).catch(() => []);
  if (held.length > 0) {
    throw new ActionError('exists', `${input.to} is not empty, and a restoration never overwrites`, {
      hint: 'name a new or empty folder',
    });
  }
  const manifest = await wholeManifest(context, archive);
  const wanted = input.only === undefined ? () => true : excluder(input.only);
  const chosen = manifest.entries.filter(({ path }) => wanted(path));
  if (chosen.length === 0 && input.only !== undefined) {
    throw new ActionError('not_found', `${archive} holds nothing that matches ${input.only.join(', ')}`);
  }
  const expected = chosen.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes : 0), 0);
  context.effect({ kind: 'archive', path: input.to, files: chosen.length, bytes: expected });
  if (context.mode === 'preview') {
    return { archive, to: input.to, files: chosen.length, bytes: expected, history: false };
  }
  const withHistory = manifest.history !== null && input.only === undefined;
  const unpacked = await unpackTo(context, { archive, target, manifest, wanted, withHistory });
  return { archive, to: input.to, ...unpacked, history: withHistory };
});

/** Throws `backup_damaged` and names what is damaged. */
async function wholeManifest(context: ActionContext, archive: string): Promise<ArchiveManifest> {
  const { manifest, problems } = await verifyArchive(archivePath(context, archive), context.signal);
  if (manifest !== undefined && problems.length === 0) return manifest;
  throw new ActionError('backup_damaged', `${archive} is damaged: ${problems[0]}`, {
    hint: 'restore another archive',
    details: { problems: problems.slice(0, 20) },
  });
}

async function unpackTo(
  context: ActionContext,
  order: {
    readonly archive: string;
    readonly target: string;
    readonly manifest: ArchiveManifest;
    readonly wanted: (path: string) => boolean;
    readonly withHistory: boolean;
  },
): Promise<{ files: number; bytes: number }> {
  const { archive, target, manifest, wanted } = order;
  await mkdir(dirname(target), { recursive: true });
  // Both beside the target and not in a temporary folder, which may be small.
  const staged = join(dirname(target), `.cadre-restore-${randomUUID()}`);
  const bundle = `${staged}.bundle`;
  try {
    await mkdir(staged);
    const { signal } = context;
    const unpacked = await unpackArchive(archivePath(context, archive), {
      folder: staged,
      bundle,
      manifest,
      wanted,
      signal,
    });
    if (order.withHistory && manifest.history !== null) {
      await restoreHistory(context, staged, bundle, manifest.history);
    }
    // Replaces an empty folder, and fails when somebody put something there meanwhile.
    await rename(staged, target);
    return unpacked;
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(bundle, { force: true });
  }
}
