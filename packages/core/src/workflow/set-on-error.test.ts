import { expect, test } from 'vitest';
import { defineWorkflow } from './define-workflow.ts';
import { setOnError } from './set-on-error.ts';

const workflow = defineWorkflow({
  apiVersion: 'cadre/v1',
  kind: 'Workflow',
  metadata: { name: 'sample' },
  spec: {
    steps: [
      { id: 'format', run: 'x', aliases: ['step2'], onError: 'defer' },
      { id: 'lint', run: 'x', aliases: ['step2'] },
      { id: 'test', run: 'x' },
    ],
  },
});
const kinds = (given: Parameters<typeof setOnError>[1]) =>
  setOnError(workflow, given).workflow.steps.map(({ onError }) => onError.kind);

test('[HYG-7] what happens after a failure can be said for each step, by id or alias', () => {
  expect(kinds({ test: 'continue' })).toEqual(['defer', 'abort', 'continue']);
  expect(kinds({ step2: 'escalate', lint: 'abort' })).toEqual(['escalate', 'abort', 'abort']);
  // biome-ignore lint/suspicious/noThenProperty: it is a key of the workflow language.
  const recover = { recover: [{ id: 'mend', run: 'y' }], then: 'retry' };
  const onError = setOnError(workflow, { test: recover }).workflow.steps[2]?.onError;
  expect(onError).toMatchObject({ kind: 'recover', steps: [{ id: 'mend', uses: 'shell/run' }] });
});

test('unknown steps and words are told, and nothing is changed', () => {
  const changed = setOnError(workflow, { tset: 'abort', lint: 'abrot' });
  expect(changed.workflow).toBe(workflow);
  expect(changed.problems).toMatchObject([
    { code: 'unknown_step', path: 'onError.tset', suggestion: 'did you mean "test"?' },
    { path: 'onError.lint' },
  ]);
});
