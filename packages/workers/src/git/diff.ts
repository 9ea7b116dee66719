import { defineAction } from '@cadre/sdk';
import { localFilterOverrides } from '../tree/local-filters.ts';
import { readGit } from '../tree/read-git.ts';
import { openRepository } from './repository.ts';
import { checkedRevision, expectSuccess } from './run-git.ts';

interface DiffInput {
  readonly path?: string;
  /** Default: the index, or with `staged` the head. */
  readonly from?: string;
  /** Default: the work tree, or with `staged` the index. */
  readonly to?: string;
  readonly staged?: boolean;
  readonly paths?: readonly string[];
  readonly context?: number;
}

/** No external differ and no text conversion of the repository's configuration is run. */
const PLAIN = ['--no-ext-diff', '--no-textconv', '--no-color', '--no-renames', '--ignore-submodules=dirty'];

/** A unified diff with the counts of each file. Fails with `not_a_repository`, `invalid_input`, `git_failed`. */
export const diff = defineAction(async (input: DiffInput, context) => {
  const { root } = await openRepository(context, input.path);
  const settings = await localFilterOverrides(context, root);
  const revisions = [input.from, input.to].filter((name) => name !== undefined).map(checkedRevision);
  const staged = input.staged ? ['--cached'] : [];
  const rest = [...staged, ...revisions, '--', ...(input.paths ?? [])];
  const run = async (...args: string[]) =>
    expectSuccess(
      await readGit(context, root, ['diff', ...PLAIN, ...args, ...rest], { settings }),
      'git diff',
    );
  const counts = await run('--numstat', '-z');
  return { files: parseCounts(counts), diff: await run(`--unified=${input.context ?? 3}`) };
});

/** `ADDED TAB DELETED TAB PATH` each; `-` for both numbers when the file is binary. */
export function parseCounts(output: string) {
  const rows = output.split('\0').filter((row) => row !== '');
  return rows.map((row) => {
    const [added = '', deleted = '', ...path] = row.split('\t');
    const binary = added === '-';
    return {
      path: path.join('\t'),
      added: binary ? 0 : Number(added),
      deleted: binary ? 0 : Number(deleted),
      binary,
    };
  });
}
