import { expect, test } from 'vitest';
import type { Workflow } from '../workflow/workflow.ts';
import { simulate } from './testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from './testing/workflow-of.ts';

/** How many steps all decisions of a run look at together. */
function visits(workflow: Workflow): number {
  let visited = 0;
  const run = simulate(workflow, {
    visit: () => {
      visited += 1;
    },
  });
  run.go();
  while (run.performing.size > 0) {
    const [path = ''] = run.performing.keys();
    run.succeed(path);
  }
  expect(run.state().status).toBe('succeeded');
  return visited;
}

const many = (count: number) => Array.from({ length: count }, (_, index) => actionOf(`s${index}`));

const forEach = (count: number, atMost: number) =>
  workflowOf([
    stepOf('each', {
      kind: 'forEach',
      items: Array.from({ length: count }, (_, index) => index),
      as: 'item',
      atMost,
      steps: [actionOf('work')],
    }),
  ]);

const chain = (count: number) =>
  workflowOf(
    many(count).map((step, index) => (index === 0 ? step : { ...step, needs: [`s${index - 1}`] })),
    { mode: 'graph' },
  );

const wide = (count: number) => workflowOf([stepOf('all', { kind: 'parallel', branches: many(count) })]);

const failing = (count: number) => workflowOf(many(count).map((step) => ({ ...step, if: '${{ false }}' })));

test.each([
  ['a sequence', (count: number) => workflowOf(many(count))],
  ['a sequence of steps that are skipped', failing],
  ['a forEach with 8 elements at once', (count: number) => forEach(count, 8)],
  ['a forEach with all elements at once', (count: number) => forEach(count, count)],
  ['a graph in which each step needs the one before', chain],
  ['a parallel of many branches', wide],
])('%s of ten times the length costs ten times as much', (_, make) => {
  const ratio = visits(make(10_000)) / visits(make(1_000));
  expect(ratio).toBeGreaterThan(9);
  expect(ratio).toBeLessThan(11);
});

test('a forEach of 100,000 elements comes to its end with a few looks at each', { timeout: 120_000 }, () => {
  const looks = visits(forEach(100_000, 8));
  expect(looks / 100_000).toBeLessThan(12);
});
