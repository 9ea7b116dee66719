import { setImmediate as breathe } from 'node:timers/promises';
import { type ActionContext, ActionError } from '@cadre/sdk';
import type { HookFile } from './built-in/built-in.ts';
import type { CleanFiles } from './clean-files.ts';
import type { Hook, HookWork } from './hook.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/** How a hook ended. `not_run`: one before it failed and stopped the rest. */
export interface HookEnd {
  readonly hook: Hook;
  readonly status: 'passed' | 'failed' | 'skipped' | 'not_run';
  readonly durationMs: number;
  readonly code: number;
  readonly output: string;
  /** Files that it changed. */
  readonly changed: readonly string[];
  /** Files with which it found something wrong, as far as it looks at them one by one. */
  readonly faulty?: readonly string[];
}

/** What is staged, and which of it need not be looked at again file by file. */
export interface FilesToCheck {
  readonly snapshot: Snapshot;
  readonly clean: Pick<CleanFiles, 'has'>;
}

type FileHook = Hook & { readonly work: Extract<HookWork, { kind: 'file' }> };

/** Files that are looked at before others get a turn, for example a cancellation. */
const BATCH = 64;

/** Runs the hooks in their order on the snapshot. Hooks that look at one file at a time go over it together. */
export async function runHooks(
  context: ActionContext,
  hooks: readonly Hook[],
  files: FilesToCheck,
  onEnd: (end: HookEnd) => void,
): Promise<readonly HookEnd[]> {
  const ends: HookEnd[] = [];
  const stopped = new Set<string>();
  for (const together of inBatches(hooks)) {
    if (context.signal.aborted)
      throw new ActionError('cancelled', 'the hooks were stopped because the call was cancelled');
    const idle = together.filter(
      (hook) => hook.work === undefined || hook.chains.some((chain) => stopped.has(chain)),
    );
    const active = together.filter((hook) => !idle.includes(hook));
    const done = [...idle.map(idleEnd), ...(await runTogether(context, active, files))];
    // In the order of the configuration, whichever came first.
    for (const hook of together) {
      const end = done.find((candidate) => candidate.hook === hook);
      if (end === undefined) continue;
      ends.push(end);
      onEnd(end);
      if (end.status === 'failed') for (const chain of hook.stops) stopped.add(chain);
    }
  }
  return ends;
}

/** The files that every check of single files has seen and found good; none when one of the checks did not run. */
export function cleanFiles(ends: readonly HookEnd[], snapshot: Snapshot): readonly string[] {
  const own = ends.filter(({ hook }) => isFileHook(hook));
  if (own.some(({ status }) => status === 'not_run')) return [];
  const faulty = new Set([...snapshot.changed(), ...own.flatMap((end) => end.faulty ?? [])]);
  return [...new Set(own.flatMap(({ hook }) => hook.paths))].filter((path) => !faulty.has(path));
}

/** Hooks that can run at once: those of a group, and neighbours that look at one file at a time. */
function inBatches(hooks: readonly Hook[]): readonly (readonly Hook[])[] {
  const batches: Hook[][] = [];
  for (const hook of hooks) {
    const last = batches.at(-1);
    const before = last?.at(-1);
    if (last !== undefined && before !== undefined && belongTogether(before, hook)) last.push(hook);
    else batches.push([hook]);
  }
  return batches;
}

function belongTogether(before: Hook, hook: Hook): boolean {
  if (hook.group !== undefined) return before.group === hook.group;
  // What stops the others must have ended before they begin.
  return before.group === undefined && before.stops.length === 0 && isFileHook(before) && isFileHook(hook);
}

function isFileHook(hook: Hook): hook is FileHook {
  return hook.work?.kind === 'file';
}

function idleEnd(hook: Hook): HookEnd {
  return {
    hook,
    status: hook.work === undefined ? 'skipped' : 'not_run',
    durationMs: 0,
    code: 0,
    output: hook.skipped?.message ?? 'a hook before it failed',
    changed: [],
  };
}

async function runTogether(
  context: ActionContext,
  hooks: readonly Hook[],
  files: FilesToCheck,
): Promise<readonly HookEnd[]> {
  const others = hooks.filter((hook) => !isFileHook(hook));
  return [
    ...(await runFileHooks(hooks.filter(isFileHook), files)),
    ...(await Promise.all(others.map((hook) => runAlone(context, hook, files)))),
  ];
}

/** Every check over one file before the next file: it is read and decoded while it is at hand. */
async function runFileHooks(
  hooks: readonly FileHook[],
  { snapshot, clean }: FilesToCheck,
): Promise<readonly HookEnd[]> {
  const states = hooks.map((hook) => ({
    hook,
    paths: new Set(hook.paths),
    messages: [] as string[],
    faulty: [] as string[],
    changed: [] as string[],
    durationMs: 0,
  }));
  const touched = new Set(snapshot.changed());
  const isKnown = (path: string) => clean.has(path) && !touched.has(path);
  const paths = [...new Set(hooks.flatMap((hook) => hook.paths))].filter((path) => !isKnown(path));
  let number = 0;
  for (const path of paths) {
    number += 1;
    if (number % BATCH === 0) await breathe();
    let file = hookFile(path, snapshot);
    for (const state of states) {
      if (file === undefined || !state.paths.has(path)) continue;
      const startedAt = performance.now();
      file = checkFile(file, state, snapshot);
      state.durationMs += performance.now() - startedAt;
    }
  }
  const scratch = snapshot.openedScratch();
  for (const path of new Set(states.flatMap(({ changed }) => changed))) {
    await scratch?.put(path, snapshot.current(path));
  }
  return states.map(({ hook, messages, faulty, changed, durationMs }) => ({
    hook,
    status: messages.length === 0 ? 'passed' : 'failed',
    durationMs,
    code: messages.length === 0 ? 0 : 1,
    output: messages.filter((message) => message !== '').join('\n'),
    changed,
    faulty,
  }));
}

function hookFile(path: string, snapshot: Snapshot): HookFile | undefined {
  const file = snapshot.current(path);
  if (file?.content === undefined) return undefined;
  const { mode, content } = file;
  return { path, content, text: content.toString('latin1'), executable: mode === '100755' };
}

/** Answers the file as the check leaves it. */
function checkFile(
  file: HookFile,
  state: {
    readonly hook: FileHook;
    readonly messages: string[];
    readonly faulty: string[];
    readonly changed: string[];
  },
  snapshot: Snapshot,
): HookFile | undefined {
  const fault = state.hook.work.check(file);
  if (fault === undefined) return file;
  state.messages.push(fault.message);
  state.faulty.push(file.path);
  if (fault.content === undefined) return file;
  state.changed.push(file.path);
  snapshot.change(file.path, { mode: file.executable ? '100755' : '100644', content: fault.content });
  return hookFile(file.path, snapshot);
}

async function runAlone(context: ActionContext, hook: Hook, files: FilesToCheck): Promise<HookEnd> {
  const startedAt = performance.now();
  const { code, output, changed } = await perform(context, hook, files);
  const failed = code !== 0 || (hook.failsOnChange && changed.length > 0);
  return {
    hook,
    status: failed ? 'failed' : 'passed',
    durationMs: performance.now() - startedAt,
    code,
    output,
    changed,
  };
}

async function perform(
  context: ActionContext,
  hook: Hook,
  files: FilesToCheck,
): Promise<Pick<HookEnd, 'code' | 'output' | 'changed'>> {
  const { snapshot } = files;
  const { work } = hook;
  if (work?.kind === 'repository') {
    const problem = await work.check(hook.paths, { context, snapshot });
    return { code: problem === undefined ? 0 : 1, output: problem ?? '', changed: [] };
  }
  if (work?.kind !== 'program') return { code: 0, output: '', changed: [] };
  const scratch = await snapshot.scratch();
  const end = await work.run(scratch).catch(cannotStart);
  const changes = await scratch.collect();
  const tooLarge = changes.filter(([, file]) => file !== undefined && file.content === undefined);
  if (tooLarge.length > 0)
    throw madeTooLarge(
      hook,
      tooLarge.map(([path]) => path),
    );
  // What it changed need not be what it was given; a change is measured against what is staged.
  await snapshot.load(changes.map(([path]) => path));
  for (const [path, file] of changes) snapshot.change(path, file);
  return { ...end, changed: changes.map(([path]) => path) };
}

function madeTooLarge(hook: Hook, paths: readonly string[]): ActionError {
  return new ActionError('too_large', `${hook.name} wrote files of more than 64 MiB: ${paths.join(', ')}`, {
    hint: 'run it by hand and stage the files',
  });
}

/** A program that is missing makes its hook fail, as everywhere; anything else is not the hook's doing. */
function cannotStart(error: unknown): { code: number; output: string } {
  if (error instanceof ActionError && error.failure.code === 'program_missing') {
    return { code: 1, output: `${error.message}\n` };
  }
  throw error;
}
