import type { App } from '../../app.ts';
import { usageError } from '../exit.ts';
import type { RunFlags } from './flags.ts';

interface Status {
  readonly entries: readonly { readonly path: string; readonly index: string; readonly worktree: string }[];
}

/** The files that `--only-changed` or `--staged` names; undefined for all. Asked of the git worker, like everything. */
export async function chooseFiles(app: App, flags: RunFlags): Promise<string[] | undefined> {
  if (flags.onlyChanged !== true && flags.staged !== true) return undefined;
  const outcome = await app.call('git/status', {});
  if (!outcome.ok)
    throw usageError(`--only-changed and --staged need a git repository: ${outcome.failure.message}`);
  const { entries } = outcome.output as unknown as Status;
  const wanted = entries.filter((entry) =>
    flags.staged === true ? entry.index !== '.' && entry.index !== '?' : true,
  );
  return wanted.filter((entry) => entry.worktree !== 'D' && entry.index !== 'D').map((entry) => entry.path);
}
