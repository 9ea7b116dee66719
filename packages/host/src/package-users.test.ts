import { expect, onTestFinished, test } from 'vitest';
import { runsThatUse } from './package-users.ts';
import { openSqliteStore } from './stores/open-sqlite-store.ts';
import { sampleStep, sampleWorkflow } from './testing/sample-workflow.ts';

test('[WRK-4] a run uses the workers of its steps, and those that it keeps because they are called', async () => {
  const store = await openSqliteStore(':memory:');
  onTestFinished(() => store.close());
  const workflow = sampleWorkflow([sampleStep('a', { kind: 'action', uses: 'upper/go@^1', with: {} })]);
  await store.runs.putDefinition('definition', workflow, 0);
  await store.runs.create('run_1', [
    {
      at: 0,
      type: 'run.created',
      workflow: 'sample',
      definition: 'definition',
      inputs: {},
      mode: 'apply',
      trigger: {},
      principal: 'user:ada',
      workers: { upper: '1.0.0', lower: ['3.0.0', '1.0.0'] },
    },
    { at: 0, type: 'run.started' },
  ]);
  const users = await Promise.all(['upper', 'lower', 'other'].map((id) => runsThatUse(store.runs, id)));
  expect(users).toEqual([['run_1'], ['run_1'], []]);
});
