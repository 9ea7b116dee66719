import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { defineAction, type StepReport, skip } from '@cadre/sdk';
import { dumpFolder, listDumps } from './dump-store.ts';

interface PruneReport extends StepReport {
  readonly removed: readonly string[];
}

/** Skips with `nothing_to_do` when there are not more dumps than may stay. */
export const prune = defineAction(
  async (input: { readonly keep?: number }, context): Promise<PruneReport> => {
    const removed = (await listDumps(context)).slice(input.keep ?? 1);
    if (removed.length === 0) throw skip('nothing_to_do', 'there are no old dumps');
    let bytes = 0;
    for (const name of removed) {
      const path = join(dumpFolder(context), name);
      const { size } = await stat(path);
      bytes += size;
      context.effect({ kind: 'file', change: 'deleted', path, bytes: size, group: 'dumps' });
      if (context.mode === 'apply') await rm(path);
    }
    return {
      removed,
      summary: `${removed.length} old dumps (${bytes} bytes)`,
      changes: [],
      findings: [],
      metrics: { files: removed.length, bytes },
      artifacts: [],
      skipped: [],
    };
  },
);
