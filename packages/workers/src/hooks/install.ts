import { mkdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ActionContext, ActionError, defineAction } from '@cadre/sdk';
import { isThere } from '../tree/is-there.ts';
import { writeAtomic } from '../tree/write-atomic.ts';
import { addEntry, hasEntry } from './config-entry.ts';
import { hookPlace, hookScript, isOfFramework, isOurs } from './hook-script.ts';
import { openRepository, type Repository } from './snapshot/repository.ts';

export interface InstallInput {
  /** Program and arguments that start Cadre. */
  readonly command: readonly string[];
  /** What it is asked to do; default: git calls the hooks of the repository, another framework the quick hygiene. */
  readonly arguments?: readonly string[];
  /** A script of git (default), or an entry in the configuration of another framework, which then calls Cadre. */
  readonly into?: 'git' | 'pre-commit' | 'lefthook';
}

const QUICK = ['run', 'hygiene', '--profile', 'quick', '--staged', '--yes'];

export interface Installed {
  readonly summary: string;
  /** Absolute path of what was written, or would be. */
  readonly path: string;
  readonly changed: boolean;
}

/** Installing again changes nothing. Throws ActionError `not_a_repository`, `not_found`, `invalid_config`. */
export const install = defineAction(async (input: InstallInput, context): Promise<Installed> => {
  if (input.command.length === 0) throw new ActionError('invalid_input', 'the command is empty');
  const repository = await openRepository(context);
  const into = input.into ?? 'git';
  const asked = input.arguments ?? (into === 'git' ? ['hooks', 'run'] : QUICK);
  const command = [...input.command, ...asked];
  return into === 'git'
    ? installScript(context, repository, command)
    : installEntry(context, repository, into, command);
});

async function installScript(
  context: ActionContext,
  repository: Repository,
  command: readonly string[],
): Promise<Installed> {
  const { script, kept } = await hookPlace(context, repository);
  const present = await readFile(script, 'utf8').catch(() => undefined);
  const isForeign = present !== undefined && !isOurs(present);
  const runsBefore = isForeign ? !isOfFramework(present) : await keepsAnother(kept);
  const wanted = hookScript(command, runsBefore ? basename(kept) : undefined);
  if (present === wanted) return { summary: 'the hook is installed already', path: script, changed: false };
  if (context.mode === 'preview') {
    context.effect({ kind: 'file', change: present === undefined ? 'created' : 'modified', path: script });
  } else {
    await mkdir(dirname(script), { recursive: true });
    if (isForeign) await keep(script, kept);
    await writeAtomic(script, wanted, { mode: 0o755 });
  }
  const note = !isForeign
    ? ''
    : runsBefore
      ? '; the hook that was there runs before it'
      : `; the former one is kept as ${basename(kept)}`;
  return { summary: `installed ${script}${note}`, path: script, changed: true };
}

async function keepsAnother(kept: string): Promise<boolean> {
  const former = await readFile(kept, 'utf8').catch(() => undefined);
  return former !== undefined && !isOfFramework(former);
}

async function keep(script: string, kept: string): Promise<void> {
  if (await isThere(kept)) {
    throw new ActionError('exists', `${kept} is there already, so ${script} cannot be kept under that name`, {
      hint: 'move one of the two away',
    });
  }
  await rename(script, kept);
}

async function installEntry(
  context: ActionContext,
  { root }: Repository,
  into: 'pre-commit' | 'lefthook',
  command: readonly string[],
): Promise<Installed> {
  const file = join(root, into === 'pre-commit' ? '.pre-commit-config.yaml' : 'lefthook.yml');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw new ActionError('not_found', `there is no ${file} to add an entry to`);
  if (hasEntry(into, text, file))
    return { summary: `${file} calls Cadre already`, path: file, changed: false };
  const wanted = addEntry(into, text, file, command);
  if (context.mode === 'preview') context.effect({ kind: 'file', change: 'modified', path: basename(file) });
  else await writeAtomic(file, wanted);
  return { summary: `${file} calls Cadre now`, path: file, changed: true };
}
