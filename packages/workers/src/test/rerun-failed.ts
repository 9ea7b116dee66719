import type { ActionContext } from '@cadre/sdk';
import { failedTests } from './failed-tests.ts';
import { NOTHING_SELECTED, type Performed, performTests, type Wanted } from './perform.ts';

/** Runs what failed once more. What passes then is flaky, and counts as passed. */
export async function rerunFailed(
  context: ActionContext,
  first: Performed,
  wanted: Wanted,
): Promise<Performed> {
  const failed = failedTests([first], [], true);
  if (failed.length === 0) return first;
  const selection = { ...NOTHING_SELECTED, failed };
  const again = await performTests(context, first.found, {
    ...wanted,
    selection,
    coverage: false,
    isAgain: true,
  });
  const passed = new Set(
    (again.cases ?? []).filter(({ status }) => status === 'passed').map(({ id, name }) => id ?? name),
  );
  const cases = first.cases ?? [];
  const flaky = cases.filter(({ status, id, name }) => status === 'failed' && passed.has(id ?? name));
  return {
    ...first,
    flaky,
    cases: cases.map((one) => (flaky.includes(one) ? { ...one, status: 'passed' } : one)),
  };
}
