import type { Change, Entry } from './remote-protocol.ts';

/** What has to be done to `before` so that it becomes `after`; a folder comes before what is in it. */
export function treeChanges(
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): readonly Change[] {
  const changed = [...after.values()].filter((entry) => !isSame(before.get(entry.path), entry));
  const gone = [...before.keys()].filter((path) => !after.has(path));
  return [...gone.map((path) => ({ kind: 'gone', path }) as const), ...changed];
}

/** The same tree with the changes made. */
export function applyChanges(tree: Map<string, Entry>, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind === 'gone') tree.delete(change.path);
    else tree.set(change.path, change);
  }
}

export function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === 'file') return b.kind === 'file' && a.hash === b.hash && a.mode === b.mode;
  if (a.kind === 'folder') return b.kind === 'folder' && a.mode === b.mode;
  return b.kind === 'link' && a.to === b.to;
}
