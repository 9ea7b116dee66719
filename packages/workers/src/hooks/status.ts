import { readFile } from 'node:fs/promises';
import { defineAction } from '@cadre/sdk';
import { findConfigs, planConfig } from './configs.ts';
import { cannotRun, type Hook } from './hook.ts';
import { hookPlace, isOurs } from './hook-script.ts';
import { needsContent } from './identify/identify.ts';
import { type QuickInput, quickHooks } from './quick.ts';
import { openRepository } from './snapshot/repository.ts';
import { openSnapshot } from './snapshot/snapshot.ts';

export interface HookStatus {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly runnable: boolean;
  readonly reason?: string;
}

/** Whether the hook is installed, and which hooks of a stage would run here. Changes nothing. */
export const status = defineAction(
  async (input: { readonly stage?: string; readonly quick?: QuickInput }, context) => {
    const repository = await openRepository(context);
    const snapshot = await openSnapshot(context, repository);
    const { script } = await hookPlace(context, repository);
    const installed = isOurs(await readFile(script, 'utf8').catch(() => ''));
    const paths = [...snapshot.entries.keys()];
    await snapshot.load(paths.filter((path) => needsContent(path, snapshot.entries.get(path)?.mode ?? '')));
    const asked = { context, snapshot, stage: input.stage ?? 'pre-commit', paths, skip: new Set<string>() };
    const request = { ...asked, quick: quickHooks(asked, input.quick ?? {}) };
    const configs = findConfigs(snapshot);
    const hooks: Hook[] = configs.length === 0 ? [...request.quick] : [];
    for (const config of configs) hooks.push(...(await planConfig(config, request)));
    const shown = hooks.map(statusOf);
    const idle = shown.filter(({ runnable }) => !runnable);
    const cannot = idle.length === 0 ? '' : `; these cannot run: ${idle.map(({ id }) => id).join(', ')}`;
    return {
      summary: `${installed ? 'installed' : 'not installed'}; ${shown.length} hooks${cannot}`,
      installed,
      hooks: shown,
    };
  },
);

function statusOf(hook: Hook): HookStatus {
  const { id, name, source, skipped } = hook;
  const runnable = !cannotRun(hook);
  return {
    id,
    name,
    source,
    runnable,
    ...(runnable || skipped === undefined ? {} : { reason: skipped.message }),
  };
}
