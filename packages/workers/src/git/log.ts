import { defineAction } from '@cadre/sdk';
import { readCommits } from './read-commits.ts';
import { openRepository } from './repository.ts';
import { checkedRevision } from './run-git.ts';

interface LogInput {
  readonly path?: string;
  /** A revision or a range `a..b`. Default the head. */
  readonly range?: string;
  readonly limit?: number;
  readonly paths?: readonly string[];
}

/** Fails with `not_a_repository`, `invalid_input`, `git_failed`. A branch without commits has an empty log. */
export const log = defineAction(async (input: LogInput, context) => {
  const { root, head } = await openRepository(context, input.path);
  if (head === null && input.range === undefined) return { commits: [] };
  const range = checkedRevision(input.range ?? 'HEAD');
  const args = [`--max-count=${input.limit ?? 50}`, range, '--', ...(input.paths ?? [])];
  return { commits: await readCommits(context, root, args) };
});
