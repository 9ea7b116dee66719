import { plainText } from '@cadre/core/history';
import { relativeTime } from '@cadre/kit/format';
import type { CommitMove, FileChange, PutBack } from '../../ports/snapshots.ts';
import type { UndoPlan } from '../../undo/open-undo.ts';
import type { UndoEntry } from '../../undo/undo-entry.ts';
import type { Colours, Output } from '../output.ts';
import { plural } from './effects.ts';

const MOST_LINES = 40;
const ACTS = { created: 'remove', modified: 'put back', deleted: 'bring back' } as const;
const STANDINGS = {
  changed_meanwhile: 'changed since: left alone [changed_meanwhile]',
  not_kept: 'too large or unreadable then: left alone [not_kept]',
  as_before: 'as it was already',
} as const;

/** One line a file: what would be done with it, or why it is left alone; then what was committed. */
export function printUndoPlan({ changes, commits }: UndoPlan, output: Output): void {
  const doable = changes.filter(({ standing }) => standing === 'restorable');
  const others = changes.filter(({ standing }) => standing !== 'restorable');
  const most = output.verbose ? Number.POSITIVE_INFINITY : MOST_LINES;
  for (const change of doable.slice(0, most)) output.line(`  ${describe(change, output.colours)}`);
  if (doable.length > most) {
    output.line(output.colours.dim(`  … ${doable.length - most} more (--verbose shows them)`));
  }
  for (const change of others) output.line(`  ${describe(change, output.colours)}`);
  printCommits(commits, output);
}

function describe({ path, kind, change, standing, steps }: FileChange, colours: Colours): string {
  const name = `${plainText(path)}${kind === 'folder' ? '/' : ''}`;
  if (standing !== 'restorable') return `${colours.yellow('!')} ${name}  ${STANDINGS[standing]}`;
  const act = `${ACTS[change]}${kind === 'link' ? ' the link' : ''}`;
  return `${colours.cyan(act.padEnd(10))} ${name}  ${colours.dim(steps.map(plainText).join(', '))}`;
}

/** History is not rewritten by us; these are the ways for whoever wants it. */
function printCommits(commits: readonly CommitMove[], output: Output): void {
  for (const { from, to, branch } of commits) {
    const short = to.slice(0, 10);
    output.line(
      `\nThe commit ${short} on ${branch ?? 'the detached head'} stays as it is. To revert it, either`,
    );
    const ways = [
      ...(from === undefined
        ? []
        : [[`git reset ${from.slice(0, 10)}`, 'when the run is undone and the commit was never pushed']]),
      ['git commit --all', 'when the run is undone: the files as they were, as a new commit'],
    ];
    const width = Math.max(...ways.map(([command = '']) => command.length));
    for (const [command = '', when] of ways) output.line(`  ${command.padEnd(width)}  ${when}`);
  }
}

/** What was done, and what was left alone with the reason. */
export function printPutBack({ restored, removed, left }: PutBack, output: Output): void {
  const { green, yellow } = output.colours;
  const done = [
    ...(restored.length > 0 ? [`${plural(restored.length, 'file')} put back`] : []),
    ...(removed.length > 0 ? [`${plural(removed.length, 'file')} removed`] : []),
  ];
  output.line(`${green('✓')} ${done.length === 0 ? 'nothing to put back' : done.join(', ')}`);
  if (left.length === 0) return;
  output.line(`${yellow('!')} ${plural(left.length, 'file')} left alone:`);
  for (const { path, reason, message } of left)
    output.line(`  ${plainText(path)}  ${plainText(message)} [${reason}]`);
}

/** `5 minutes ago by user:ada; 3 files put back, 1 left alone`. */
export function sentenceOfUndo(
  { at, by, restored, removed, left, takenBack }: UndoEntry,
  now: number,
): string {
  const count = restored.length + removed.length;
  const rest = left.length === 0 ? '' : `, ${left.length} left alone`;
  const back =
    takenBack === undefined ? '' : `; taken back ${relativeTime(takenBack.at, { now })} by ${takenBack.by}`;
  return `${relativeTime(at, { now })} by ${by}; ${plural(count, 'file')} put back${rest}${back}`;
}
