import type { FailedTests } from './last-run.ts';
import type { Performed } from './perform.ts';
import { keyOf } from './select.ts';

/** What has failed; after a run of only some tests also what failed before and was not among them. */
export function failedTests(
  performed: readonly Performed[],
  before: FailedTests,
  isWhole: boolean,
): FailedTests {
  const ran = performed.flatMap(({ found, cases = [] }) =>
    cases
      .filter(({ status }) => status !== 'skipped')
      .map(({ name, id = name, file, status }) => ({
        status,
        test: {
          key: keyOf(found),
          name,
          id,
          ...(file === undefined ? {} : { file: rootPath(found.project.folder.path, file) }),
        },
      })),
  );
  const now = ran.filter(({ status }) => status === 'failed').map(({ test }) => test);
  if (isWhole) return now;
  const known = new Set(ran.map(({ test }) => `${test.key} ${test.id}`));
  return [...before.filter(({ key, id }) => !known.has(`${key} ${id}`)), ...now];
}

function rootPath(folder: string, file: string): string {
  return folder !== '' && file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
}
