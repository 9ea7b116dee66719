import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionContext, defineAction } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { writeAtomic } from '../tree/write-atomic.ts';
import { hasEntry, removeEntry } from './config-entry.ts';
import { hookPlace, isOurs } from './hook-script.ts';
import { openRepository, type Repository } from './snapshot/repository.ts';

/** Takes out the script and the entries, and puts back the hook that was there before. Doing it again changes nothing. */
export const uninstall = defineAction(async (_input: object, context) => {
  const repository = await openRepository(context);
  const removed = [
    ...(await removeScript(context, repository)),
    ...(await removeFrom(context, repository, 'pre-commit', '.pre-commit-config.yaml')),
    ...(await removeFrom(context, repository, 'lefthook', 'lefthook.yml')),
  ];
  const summary =
    removed.length === 0 ? 'no hook of Cadre is installed' : `removed from ${removed.join(', ')}`;
  return { summary, changed: removed.length > 0 };
});

async function removeScript(context: ActionContext, repository: Repository): Promise<readonly string[]> {
  const { script, kept } = await hookPlace(context, repository);
  const present = await readFile(script, 'utf8').catch(() => undefined);
  if (present === undefined || !isOurs(present)) return [];
  const hadBefore = await isThere(kept);
  if (context.mode === 'preview') {
    context.effect({ kind: 'file', change: hadBefore ? 'modified' : 'deleted', path: script });
    return [script];
  }
  if (hadBefore) await rename(kept, script);
  else await rm(script);
  return [script];
}

async function removeFrom(
  context: ActionContext,
  { root }: Repository,
  framework: 'pre-commit' | 'lefthook',
  name: string,
): Promise<readonly string[]> {
  const text = await readFile(join(root, name), 'utf8').catch(() => undefined);
  if (text === undefined || !hasEntry(framework, text, name)) return [];
  if (context.mode === 'preview') context.effect({ kind: 'file', change: 'modified', path: name });
  else await writeAtomic(join(root, name), removeEntry(framework, text, name));
  return [name];
}
