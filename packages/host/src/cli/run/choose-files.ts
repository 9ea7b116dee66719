import { CadreError } from '@cadre/core';
import type { App } from '../../app.ts';
import { failureError, usageError } from '../exit.ts';
import type { Output } from '../output.ts';
import type { RunFlags } from './flags.ts';
import type { Profile } from './hygiene-profiles.ts';

export interface ChosenFiles {
  /** Those that are there. */
  readonly paths: readonly string[];
  /** Those that were deleted too. */
  readonly changed: readonly string[];
}

interface Answer {
  readonly since: string;
  readonly files: readonly { readonly path: string; readonly deleted: boolean }[];
}

/**
 * The files that `--only-changed`, `--staged` or the profile names; undefined for all. Asked of the git worker, like
 * everything. Outside of git a profile's choice means all files, an option is refused.
 */
export async function chooseFiles(
  app: App,
  flags: RunFlags,
  wanted: Profile['files'],
  output: Output,
): Promise<ChosenFiles | undefined> {
  const choice = choiceOf(flags, wanted);
  if (choice === 'all') return undefined;
  const input = choice === 'staged' ? { staged: true } : flags.base === undefined ? {} : { base: flags.base };
  const outcome = await app.call('git/changed', input);
  if (!outcome.ok) {
    if (outcome.failure.code !== 'not_a_repository')
      throw refusal(outcome.failure.code, failureError(outcome.failure));
    if (isAsked(flags))
      throw usageError(`--only-changed and --staged need a git repository: ${outcome.failure.message}`);
    output.note('all files, because this is no git repository');
    return undefined;
  }
  const { since, files } = outcome.output as unknown as Answer;
  const paths = files.filter(({ deleted }) => !deleted).map(({ path }) => path);
  const count = paths.length === 1 ? '1 file' : `${paths.length} files`;
  output.note(choice === 'staged' ? `${count} staged` : `${count} changed since ${since}`);
  return { paths, changed: files.map(({ path }) => path) };
}

function choiceOf(flags: RunFlags, wanted: Profile['files'] = 'all'): NonNullable<Profile['files']> {
  if (flags.staged === true) return 'staged';
  if (flags.onlyChanged === true || flags.base !== undefined) return 'changed';
  return flags.onlyChanged === false ? 'all' : wanted;
}

function isAsked(flags: RunFlags): boolean {
  return flags.staged === true || flags.onlyChanged === true || flags.base !== undefined;
}

/** A base that is not there is a wrong argument. */
function refusal(code: string, error: CadreError): CadreError {
  if (code !== 'no_base') return error;
  return new CadreError('invalid_usage', error.message, error.hint === undefined ? {} : { hint: error.hint });
}
