import type { Snapshot } from '../snapshot/snapshot.ts';
import type { HookConfig } from './config.ts';
import { pythonPattern } from './python-pattern.ts';

type Filter = Pick<HookConfig, 'files' | 'exclude' | 'types' | 'types_or' | 'exclude_types'>;

/** Names that match `files` and not `exclude`. Throws SyntaxError for a pattern that is none. */
export function byName(paths: readonly string[], files: string, exclude: string): readonly string[] {
  const wanted = files === '' ? undefined : pythonPattern(files);
  const unwanted = exclude === '^$' ? undefined : pythonPattern(exclude);
  return paths.filter((path) => wanted?.test(path) !== false && unwanted?.test(path) !== true);
}

/** The files that a hook is for. */
export function chooseFiles(
  paths: readonly string[],
  { files = '', exclude = '^$', types = ['file'], types_or = [], exclude_types = [] }: Filter,
  snapshot: Snapshot,
): readonly string[] {
  return byName(paths, files, exclude).filter((path) => {
    const tags = snapshot.tags(path);
    return (
      types.every((type) => tags.has(type)) &&
      (types_or.length === 0 || types_or.some((type) => tags.has(type))) &&
      !exclude_types.some((type) => tags.has(type))
    );
  });
}
