import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Head {
  readonly commit?: string;
  /** Absent on a detached head. */
  readonly branch?: string;
}

/**
 * Where the checkout stands, read from git's own files: a look at the workspace has no time to start a program. Empty
 * outside of a checkout, and where git keeps branches in another way (reftable).
 */
export function headCommit(workspace: string): Head {
  const folder = gitFolder(workspace);
  const head = folder === undefined ? undefined : textOf(join(folder, 'HEAD'));
  if (folder === undefined || head === undefined) return {};
  const [, name] = /^ref: refs\/heads\/(.+)$/.exec(head) ?? [];
  if (name === undefined) return withCommit(head);
  // Only a linked checkout keeps its branches elsewhere, and its folder is not the one in the workspace.
  const joint = folder === join(workspace, '.git') ? undefined : textOf(join(folder, 'commondir'));
  const home = joint === undefined ? folder : resolve(folder, joint);
  const commit = textOf(join(home, 'refs/heads', name)) ?? packed(home, `refs/heads/${name}`);
  return { ...withCommit(commit), branch: name };
}

function withCommit(text: string | undefined): Head {
  return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? { commit: text } : {};
}

function gitFolder(workspace: string): string | undefined {
  const entry = join(workspace, '.git');
  const found = statSync(entry, { throwIfNoEntry: false });
  if (found?.isDirectory()) return entry;
  const [, named] = /^gitdir: (.+)$/.exec(textOf(entry) ?? '') ?? [];
  return named === undefined ? undefined : resolve(dirname(entry), named);
}

function packed(home: string, name: string): string | undefined {
  const lines = textOf(join(home, 'packed-refs'))?.split('\n') ?? [];
  return lines.find((line) => line.endsWith(` ${name}`))?.split(' ')[0];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
