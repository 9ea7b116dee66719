import type { ActionContext } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';
import { expectSuccess } from './run-git.ts';

export interface Commit {
  readonly id: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly email: string;
  /** ISO 8601 with zone. */
  readonly date: string;
  readonly subject: string;
  readonly body: string;
}

/** NUL between the parts, because no part of a commit can hold one. */
const FORMAT = ['%H', '%P', '%an', '%ae', '%aI', '%s', '%b'].join('%x00');
const PARTS = 7;

/** Commits as `git log` with these arguments gives them, newest first. */
export async function readCommits(
  context: ActionContext,
  root: string,
  args: readonly string[],
): Promise<Commit[]> {
  const log = ['log', '-z', '--no-color', '--no-ext-diff', '--no-textconv', `--format=tformat:${FORMAT}`];
  const parts = expectSuccess(await readGit(context, root, [...log, ...args]), 'git log').split('\0');
  const commits: Commit[] = [];
  for (let at = 0; at + PARTS <= parts.length; at += PARTS) {
    const [id = '', parents = '', author = '', email = '', date = '', subject = '', body = ''] =
      parts.slice(at);
    commits.push({
      id,
      parents: parents.split(' ').filter((parent) => parent !== ''),
      author,
      email,
      date,
      subject,
      body: body.trimEnd(),
    });
  }
  return commits;
}
