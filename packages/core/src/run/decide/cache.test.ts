import { expect, test } from 'vitest';
import { runReport } from '../report.ts';
import { simulate } from '../testing/simulation.ts';
import { actionOf, workflowOf } from '../testing/workflow-of.ts';

const cache = { key: 'v-${{ inputs.n }}', ttlMs: 5_000, tags: ['mine'] };

function wishOf(more: object = {}, input: Record<string, string> = {}, options: object = {}) {
  const run = simulate(workflowOf([actionOf('a', { cache, ...more }, input)]), {
    inputs: { n: 7 },
    ...options,
  });
  run.go();
  const command = run.performing.get('a');
  return command?.type === 'perform-step' ? command.cache : undefined;
}

test('[WRK-30] the key of `cache` is evaluated, and unique in the workflow, the step and how its input is written', () => {
  expect(wishOf()).toEqual({
    key: 'v-7',
    ttlMs: 5_000,
    tags: ['mine'],
    scope: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(wishOf({}, { a: '${{ inputs.n }}' })?.scope).not.toBe(wishOf()?.scope);
  expect(wishOf({ env: { A: '1' } })?.scope).not.toBe(wishOf()?.scope);
  expect(wishOf({}, {}, { inputs: { n: 8 } })).toEqual({ ...wishOf(), key: 'v-8' });
});

test('a key that is no text fails the step', () => {
  const run = simulate(workflowOf([actionOf('a', { cache: { ...cache, key: '${{ inputs }}' } })]), {
    inputs: { n: 7 },
  });
  run.go();
  expect(run.step('a')).toMatchObject({ status: 'failed', failure: { code: 'invalid_expression' } });
});

test('[WRK-126] a step that was answered from an earlier run says so, and the run goes on as ever', () => {
  const workflow = workflowOf([actionOf('a'), actionOf('b', {}, { x: '${{ steps.a.output }}' })]);
  const run = simulate(workflow);
  run.go();
  run.tell({ type: 'step.succeeded', step: 'a', output: 5, cached: true, cachedFrom: 'run_0' });
  expect(run.performing.get('b')?.input).toEqual({ x: 5 });
  run.succeed('b');
  const [a, b] = runReport(workflow, run.state());
  expect(a).toMatchObject({ status: 'succeeded', output: 5, cached: true, cachedFrom: 'run_0' });
  expect(b).not.toHaveProperty('cached');
});
