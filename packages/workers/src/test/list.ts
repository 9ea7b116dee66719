import { type ActionContext, defineAction, type Skipped, type StepReport } from '@cadre/sdk';
import { type Found, findProjects } from './find-projects.ts';
import type { TestInput } from './input.ts';
import { collectTests, missingRunner, NOTHING_SELECTED, placeOf } from './perform.ts';
import type { ListedTest } from './runner.ts';
import type { Selected } from './select.ts';

export interface ListReport extends StepReport {
  readonly tests: readonly (ListedTest & { readonly runner: string })[];
}

/** The tests of a repository, collected without running them. */
export const list = defineAction<TestInput, ListReport>(async (input, context) => {
  const found = await findProjects(context, input);
  const { tests, skipped } = await collectAll(
    context,
    found.map((one) => ({ found: one, selection: NOTHING_SELECTED })),
  );
  return {
    summary: `${tests.length} tests found`,
    changes: [],
    findings: [],
    metrics: { tests: tests.length },
    artifacts: [],
    skipped,
    tests,
  };
});

export async function collectAll(
  context: ActionContext,
  selected: readonly Selected[],
): Promise<{ tests: ListReport['tests']; skipped: Skipped[] }> {
  const tests: (ListedTest & { runner: string })[] = [];
  const skipped: Skipped[] = [];
  for (const { found, selection } of selected) {
    const listed = found.program && (await collectTests(context, found, selection));
    if (found.program === undefined) skipped.push(await missingRunner(context, found));
    else if (listed === undefined) skipped.push(notCollected(found));
    tests.push(...(listed ?? []).map((one) => ({ ...one, runner: found.runner.name })));
  }
  return { tests, skipped };
}

function notCollected(found: Found): Skipped {
  return {
    tool: found.runner.name,
    reason: 'not_collected',
    message: `${found.runner.name} did not list the tests of ${placeOf(found)}; it has 60 s and may not change anything`,
  };
}
