import { apply, decide, type RunEvent, type RunState } from '@cadre/core';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { createLargeValues } from './large-values.ts';
import { type Prepared, Turns } from './turns.ts';

const workflow = sampleWorkflow([sampleAction('a')]);
const moment = { now: 10, random: 0.5, runId: 'run_1', workspace: {} };

/** A run whose step `a` is under way. */
function begun(): RunState {
  const created: RunEvent = {
    at: 10,
    type: 'run.created',
    workflow: 'sample',
    definition: 'h1',
    inputs: {},
    mode: 'apply',
    trigger: { kind: 'manual' },
    principal: 'user:ada',
  };
  return decide(workflow, apply(undefined, { number: 1, ...created }), moment).state;
}

test('of two things told at once of one attempt the first is kept, and the other is no longer true [WRK-40]', async () => {
  const appended: Prepared<string>[] = [];
  const failures: unknown[] = [];
  const store = await openSqliteStore(':memory:');
  const values = createLargeValues(store.artifacts, { now: () => 10 }).open({ id: 'run_1', mode: 'apply' });
  const turns = new Turns<string>(workflow, begun(), {
    moment: () => moment,
    values,
    decides: () => true,
    stopped: () => false,
    readOn: async (state) => state,
    append: async (turn) => appended.push(turn) > 0,
    goOn: () => undefined,
    caughtUp: () => undefined,
    failed: (error) => failures.push(error),
  });
  // One process performed it, and was taken for dead meanwhile; the claim came back to it.
  await turns.tell(
    { body: { type: 'step.succeeded', step: 'a', output: 1 }, attempt: 1, claim: 'first' },
    {
      body: { type: 'step.interrupted', step: 'a', attempt: 1, repeatable: true },
      attempt: 1,
      claim: 'second',
    },
  );
  expect(failures).toEqual([]);
  expect(appended).toHaveLength(1);
  expect(appended[0]?.kept.map(({ claim }) => claim)).toEqual(['first']);
  expect(appended[0]?.dropped.map(({ claim }) => claim)).toEqual(['second']);
  expect(turns.state.status).toBe('succeeded');
  await store.close();
});
