import { plural } from '@cadre/kit/format';
import {
  type ActionContext,
  type Change,
  defineAction,
  type Finding,
  type StepReport,
  skip,
} from '@cadre/sdk';
import { restoredBlobIds } from './commit-index.ts';
import { commitMessage, DEFAULT_MESSAGE } from './commit-message.ts';
import { type Made, makeCommit, type Place, resumeCommit } from './make-commit.ts';
import { plannedPaths } from './planned-paths.ts';
import { isProtected, PROTECTED_BRANCHES } from './protected-branch.ts';
import { readStatus, type Status } from './read-status.ts';
import { openRepositoryOrSkip, repositoryPath } from './repository.ts';
import { leftOutFinding, type Selection, selectAll, selectChanges } from './select-paths.ts';

interface CommitInput {
  readonly path?: string;
  readonly changes?: readonly Change[];
  readonly scope?: 'run' | 'all';
  readonly message?: string;
  readonly protected?: readonly string[];
  readonly allowProtected?: boolean;
  readonly signoff?: boolean;
}

interface CommitReport extends StepReport {
  /** Null in a plan, and when every changed file was left out. */
  readonly commit: string | null;
  readonly branch: string;
  readonly message: string;
  readonly paths: readonly string[];
}

/**
 * Commits what a run changed (`scope: run`) or everything (`all`), with the repository's own hooks and git's own
 * configuration for author and signature. It is built in an index of its own, so that what somebody staged stays
 * staged and a hook that refuses leaves nothing behind.
 * Skips with `not_a_repository`, `unborn_branch`, `detached_head`, `unfinished_work`, `unmerged_paths`,
 * `protected_branch`, `nothing_to_do`. Fails with `commit_failed`, or `repository_locked`, which may be tried again.
 */
export const commit = defineAction(async (input: CommitInput, context): Promise<CommitReport> => {
  const place = await committablePlace(input, context);
  return context.mode === 'preview' ? plan(input, place, context) : apply(input, place, context);
});

async function plan(input: CommitInput, place: Place, context: ActionContext): Promise<CommitReport> {
  const { changes, status, selection } = await survey(input, place, context);
  const paths = await plannedPaths(context, place, { changes, status, selected: selection.paths });
  if (paths.length === 0) return nothingToCommit(place, selection);
  const message = messageFor(input, paths);
  context.effect({ kind: 'commit', branch: place.branch, message, paths });
  return report({ place, paths, message, selection, made: null });
}

async function apply(input: CommitInput, place: Place, context: ActionContext): Promise<CommitReport> {
  const resumed = await resumeCommit(context, place);
  const { selection } = await survey(input, place, context);
  const message = messageFor(input, (resumed ?? selection).paths);
  const { paths, unstaged } = selection;
  const order = { unstaged, message, all: input.scope === 'all', signoff: input.signoff === true };
  const made = resumed ?? (paths.length === 0 ? null : await makeCommit(context, place, order));
  if (made === null) return nothingToCommit(place, selection);
  context.effect({
    kind: 'commit',
    branch: place.branch,
    message,
    paths: made.paths,
    commit: made.commit,
  });
  return report({ place, paths: made.paths, message, selection, made });
}

async function committablePlace(input: CommitInput, context: ActionContext): Promise<Place> {
  const repository = await openRepositoryOrSkip(context, input.path);
  const { branch, head, unfinished } = repository;
  if (unfinished !== null)
    throw skip('unfinished_work', `a ${unfinished} is not finished`, 'finish or abort it');
  if (branch === null) throw skip('detached_head', 'the head is detached', 'check out a branch');
  if (head === null)
    throw skip('unborn_branch', `${branch} has no commit yet`, 'make the first commit yourself');
  const globs = input.protected ?? PROTECTED_BRANCHES;
  if (!input.allowProtected && isProtected(branch, globs)) {
    throw skip(
      'protected_branch',
      `${branch} is protected (${globs.join(', ')})`,
      'work on a branch of your own',
    );
  }
  return { ...repository, branch, head };
}

/** What differs now, and what of it may be committed. Only a real commit may run the repository's filters. */
async function survey(
  input: CommitInput,
  place: Place,
  context: ActionContext,
): Promise<{ changes: readonly Change[]; status: Status; selection: Selection }> {
  const trusted = context.mode === 'apply';
  const status = await readStatus(context, place.root, { trusted });
  if (status.entries.some(({ kind }) => kind === 'unmerged')) {
    throw skip('unmerged_paths', 'there are files with conflicts', 'resolve the conflicts first');
  }
  const named = await repositoryPath(context, place);
  const changes = (input.changes ?? []).flatMap((change) => {
    const path = named(change.path);
    return path === undefined ? [] : [{ ...change, path }];
  });
  const restored = (paths: readonly string[]) => restoredBlobIds(context, place, { paths, trusted });
  const selection =
    input.scope === 'all' ? selectAll(status) : await selectChanges(changes, status, restored);
  return { changes, status, selection };
}

function messageFor(input: CommitInput, paths: readonly string[]): string {
  return commitMessage(input.message ?? DEFAULT_MESSAGE, paths.length, new Date());
}

/** With files that were left out there is something to tell; without, there was nothing to do. */
function nothingToCommit(place: Place, selection: Selection): CommitReport {
  if (selection.leftOut.length === 0) throw skip('nothing_to_do', 'nothing to commit');
  return report({ place, paths: [], message: '', selection, made: null });
}

function report(facts: {
  readonly place: Place;
  readonly paths: readonly string[];
  readonly message: string;
  readonly selection: Selection;
  readonly made: Made | null;
}): CommitReport {
  const { paths, message, made } = facts;
  const { branch } = facts.place;
  const { leftOut } = facts.selection;
  const done =
    paths.length === 0 ? 'nothing committed' : `${plural(paths.length, 'file')} on ${branch}: ${message}`;
  return {
    commit: made?.commit ?? null,
    branch,
    message,
    paths,
    summary: leftOut.length === 0 ? done : `${done} (${leftOut.length} with your own edits left out)`,
    changes: [],
    findings: [...leftOut.map(leftOutFinding), ...(made?.followed === false ? [indexLeftBehind()] : [])],
    metrics: { files: paths.length, leftOut: leftOut.length },
    artifacts: [],
    skipped: [],
  };
}

function indexLeftBehind(): Finding {
  return {
    tool: 'git',
    rule: 'index_locked',
    severity: 'low',
    confidence: 'high',
    file: '.git/index',
    message: 'the commit was made, but another command kept the index locked, which now lags behind',
    fix: 'run git reset to bring the index up to date',
  };
}
